import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { nodeFiles, type Files } from './files.ts';

export type ReadFile =
  | { readonly kind: 'absent' }
  | { readonly kind: 'damaged'; readonly setAsideAs: string }
  | { readonly kind: 'read'; readonly body: string };

const checksum = (body: string): string => createHash('sha256').update(body, 'utf8').digest('hex');

/**
 * Replaces the file so that after a power cut either the old or the new one is there, whole: temporary file, fsync, rename, fsync of
 * the folder. The first line is the SHA-256 of the rest.
 */
export async function writeDurably(path: string, body: string, files: Files = nodeFiles): Promise<void> {
  const folder = dirname(path);
  await files.ensureFolder(folder);
  const temporary = `${path}.new`;
  await files.writeSynced(temporary, `${checksum(body)}\n${body}`);
  await files.rename(temporary, path);
  await files.syncFolder(folder);
}

/** What `writeDurably` was given, of what it wrote; `undefined` when it fails its checksum. */
export function parseDurable(text: string): string | undefined {
  const newline = text.indexOf('\n');
  const body = text.slice(newline + 1);
  return newline === 64 && checksum(body) === text.slice(0, newline) ? body : undefined;
}

/** Reads what `writeDurably` wrote. A file that fails its checksum is renamed, never believed and never deleted. */
export async function readDurably(path: string, files: Files = nodeFiles): Promise<ReadFile> {
  const text = await files.read(path);
  if (text === undefined) return { kind: 'absent' };
  const body = parseDurable(text);
  if (body !== undefined) return { kind: 'read', body };
  return { kind: 'damaged', setAsideAs: await setAside(path, 'damaged', files) };
}

/** Keeps it for people, out of the way of what is saved next. @returns its new path */
export async function setAside(path: string, why: 'damaged' | 'unknown', files: Files = nodeFiles): Promise<string> {
  const aside = `${path}.${why}`;
  await files.rename(path, aside);
  return aside;
}
