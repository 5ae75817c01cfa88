import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createTemporaryFolder, type TemporaryFolder } from '../programs/temporary-folder.ts';
import { REPOSITORY } from '../programs/repository.ts';

/**
 * A small tree outside the repository, with its configuration and files planted to break it.
 *
 * @param files path to text
 * @param copied configuration files of the repository, by their path in it
 */
export function plantTree(files: Readonly<Record<string, string>>, copied: readonly string[]): TemporaryFolder {
  const folder = createTemporaryFolder('planted');
  const root = folder.path;
  for (const path of copied) cpSync(join(REPOSITORY, path), join(root, path));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return folder;
}
