import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** Root of the checkout, absolute. */
export const REPOSITORY = join(import.meta.dirname, '..', '..', '..');

const SKIPPED = new Set([
  'node_modules',
  '.git',
  '.next',
  '.turbo',
  'dist',
  'coverage',
  'generated',
  'test-results',
  'playwright-report',
  'planted',
]);

/** A file of the repository: `path` is relative to the root, with `/`. */
export type SourceFile = { readonly path: string; readonly text: string };

/** Paths of files under `folder` (relative to the root), without what is installed, built or planted to fail. */
export function listFiles(folder: string, root = REPOSITORY): readonly string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !path.split('/').some((part) => SKIPPED.has(part)))
    .toSorted();
}

export function readSource(path: string, root = REPOSITORY): SourceFile {
  return { path, text: readFileSync(join(root, path), 'utf8') };
}
