import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** `named`: where RQLITED says that it is, and no program is there. */
export type FoundRqlited =
  | { readonly kind: 'found'; readonly path: string }
  | { readonly kind: 'none'; readonly named: string | undefined };

/** rqlite's server: the file that RQLITED names, and no other then; else `rqlited` on PATH. */
export function findRqlited({ RQLITED = '', PATH = '' }: Environment): FoundRqlited {
  const candidates = RQLITED === '' ? PATH.split(delimiter).map((folder) => join(folder, 'rqlited')) : [RQLITED];
  const path = candidates.find(isProgram);
  return path === undefined ? { kind: 'none', named: RQLITED === '' ? undefined : RQLITED } : { kind: 'found', path };
}
