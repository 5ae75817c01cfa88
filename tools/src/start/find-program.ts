import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** rqlite's server: the file that RQLITED names, else `rqlited` on PATH; `undefined` when there is none. */
export function findRqlited({ RQLITED, PATH = '' }: Environment): string | undefined {
  const candidates = RQLITED === undefined || RQLITED === '' ? PATH.split(delimiter).map((folder) => join(folder, 'rqlited')) : [RQLITED];
  return candidates.find(isExecutable);
}
