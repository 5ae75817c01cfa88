import { accessSync, chmodSync, constants, existsSync, mkdirSync, rmdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import envPaths from 'env-paths';
import { CommandRefused } from './refusal.ts';

/** Below this the database cannot be promised to take its next write. */
const LEAST_FREE_BYTES = 256 * 2 ** 20;

/** Where each part keeps what; all owner-only. */
export type DataFolder = {
  readonly root: string;
  readonly coordinator: string;
  readonly agent: string;
  readonly run: string;
  readonly logs: string;
};

/** The operating system's folder for an application's data. */
export const defaultDataFolder = (): string => envPaths('cloudless', { suffix: '' }).data;

/** A name as it was typed, made absolute: npm runs its scripts in the checkout, and keeps the shell's folder in INIT_CWD. */
export const fromShell = (name: string, env: NodeJS.ProcessEnv = process.env): string => resolve(env['INIT_CWD'] ?? process.cwd(), name);

/** The data folder that a flag names, else CLOUDLESS_DATA, else the operating system. */
export const chooseDataFolder = (flag: string | undefined, env: NodeJS.ProcessEnv = process.env): string =>
  fromShell(flag ?? (env['CLOUDLESS_DATA'] || defaultDataFolder()), env);

export function dataFolderAt(root: string): DataFolder {
  return { root, coordinator: join(root, 'coordinator'), agent: join(root, 'agent'), run: join(root, 'run'), logs: join(root, 'logs') };
}

/** Where a part's output is kept. */
export const logFile = ({ logs }: Pick<DataFolder, 'logs'>, part: string): string => join(logs, `${part}.log`);

/** One level at a time: `recursive` never returns where the system answers ENOENT to a mkdir, as /proc does. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

const above = (path: string): readonly string[] => (dirname(path) === path ? [] : [...above(dirname(path)), dirname(path)]);

/** What `prepareDataFolder` will have to make, innermost last. */
export const listMissing = (root: string): readonly string[] =>
  [...above(root), ...Object.values(dataFolderAt(root))].filter((path) => !existsSync(path));

/** Takes away those folders that hold nothing: what was to come into them did not. */
export function removeEmpty(paths: readonly string[]): void {
  for (const path of paths.toReversed()) {
    try {
      if (existsSync(path)) rmdirSync(path);
    } catch (error) {
      if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) throw error;
    }
  }
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

/**
 * Makes the folder and its parts, mode 0700, and proves that it can be written.
 *
 * @throws CommandRefused when it is a file, cannot be written, or its disk is full
 */
export function prepareDataFolder(root: string): DataFolder {
  const folder = dataFolderAt(root);
  try {
    if (statSync(root, { throwIfNoEntry: false })?.isDirectory() === false) {
      throw new CommandRefused({ problem: `the data folder ${root} is a file`, remedy: 'name a folder with --data' });
    }
    for (const path of Object.values(folder)) makeFolder(path);
    chmodSync(root, 0o700);
    accessSync(root, constants.R_OK | constants.W_OK | constants.X_OK);
    const probe = join(folder.run, `probe.${process.pid}`);
    writeFileSync(probe, 'x'.repeat(4096));
    rmSync(probe);
  } catch (error) {
    throw error instanceof CommandRefused ? error : new CommandRefused(explain(root, codeOf(error), String(error)));
  }
  const { bavail, bsize } = statfsSync(root);
  if (bavail * bsize < LEAST_FREE_BYTES) throw new CommandRefused(diskFull(root, bavail * bsize));
  return folder;
}

const diskFull = (root: string, freeBytes: number) => ({
  problem: `the disk of ${root} has ${Math.floor(freeBytes / 2 ** 20)} MB left, and ${LEAST_FREE_BYTES / 2 ** 20} MB are needed`,
  remedy: 'free some space, or name a folder on another disk with --data',
});

function explain(root: string, code: string, text: string): { problem: string; remedy: string } {
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(root, 0);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return {
      problem: `the data folder ${root} cannot be written (${code})`,
      remedy: `give it to this user (sudo chown -R "$USER" '${root}'), or name another with --data`,
    };
  }
  return { problem: `the data folder ${root} cannot be used: ${text}`, remedy: 'name another with --data' };
}
