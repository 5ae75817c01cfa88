import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Owner only: keys and variables of apps are inside. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

export type ReadFile =
  | { readonly kind: 'absent' }
  | { readonly kind: 'damaged'; readonly setAsideAs: string }
  | { readonly kind: 'read'; readonly body: string };

const checksum = (body: string): string => createHash('sha256').update(body, 'utf8').digest('hex');

/**
 * Replaces the file so that after a power cut either the old or the new one is there, whole: temporary file, fsync, rename, fsync of
 * the folder. The first line is the SHA-256 of the rest.
 */
export async function writeDurably(path: string, body: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', FILE_MODE);
  try {
    await file.writeFile(`${checksum(body)}\n${body}`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Reads what `writeDurably` wrote. A file that fails its checksum is renamed, never believed and never deleted. */
export async function readDurably(path: string): Promise<ReadFile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return { kind: 'absent' };
    throw cause;
  }
  const newline = text.indexOf('\n');
  const body = text.slice(newline + 1);
  if (newline === 64 && checksum(body) === text.slice(0, newline)) return { kind: 'read', body };
  const setAsideAs = `${path}.damaged`;
  await rename(path, setAsideAs);
  return { kind: 'damaged', setAsideAs };
}
