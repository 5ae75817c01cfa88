import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function findRqlited(): string | undefined {
  const { RQLITED, PATH = '' } = process.env;
  const candidates = [RQLITED, ...PATH.split(delimiter).map((folder) => join(folder, 'rqlited'))];
  return candidates.find((path) => path !== undefined && path !== '' && isExecutable(path));
}

/** A real `rqlited`, named by the variable RQLITED or found on PATH. */
export const rqlited: string | undefined = findRqlited();
/** What tests of a real one are called, with the reason when they are left out. */
export const A_REAL_RQLITED =
  rqlited === undefined ? 'a real rqlited (left out: put one on PATH, or name it in RQLITED)' : 'a real rqlited';
