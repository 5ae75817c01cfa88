import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { REPOSITORY } from '../programs/repository.ts';

/** A small tree outside the repository, with its configuration and files planted to break it. */
export interface PlantedTree extends Disposable {
  readonly root: string;
}

/**
 * @param files path to text
 * @param copied configuration files of the repository, by their path in it
 */
export function plantTree(files: Readonly<Record<string, string>>, copied: readonly string[]): PlantedTree {
  const root = mkdtempSync(join(tmpdir(), 'cloudless-planted-'));
  for (const path of copied) cpSync(join(REPOSITORY, path), join(root, path));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}
