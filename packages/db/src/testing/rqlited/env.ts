import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function findRqlited(): string | undefined {
  const { RQLITED = '', PATH = '' } = process.env;
  if (RQLITED === '')
    return PATH.split(delimiter)
      .map((folder) => join(folder, 'rqlited'))
      .find(isExecutable);
  // Else the tests of a real one would be left out, and whoever named it believe that they ran.
  if (!isExecutable(RQLITED)) throw new Error(`RQLITED names ${RQLITED}, and no program that can be run is there`);
  return RQLITED;
}

/** A real `rqlited`, named by the variable RQLITED or found on PATH. */
export const rqlited: string | undefined = findRqlited();
/** What tests of a real one are called, with the reason when they are left out. */
export const A_REAL_RQLITED =
  rqlited === undefined ? 'a real rqlited (left out: put one on PATH, or name it in RQLITED)' : 'a real rqlited';
