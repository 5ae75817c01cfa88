import { mkdir, open, readFile, rename } from 'node:fs/promises';

/** Owner only: keys and variables of apps are inside. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** What the agent's durable files need of a disk. The simulator passes one that loses power, flips bits and fills up. */
export interface Files {
  ensureFolder(path: string): Promise<void>;
  /** Creates or replaces the file, not atomically; its content is durable when it resolves. */
  writeSynced(path: string, text: string): Promise<void>;
  /** Durable once the folder was synced. */
  rename(from: string, to: string): Promise<void>;
  syncFolder(path: string): Promise<void>;
  /** `undefined` when there is no such file. */
  read(path: string): Promise<string | undefined>;
}

export const nodeFiles: Files = {
  async ensureFolder(path) {
    await mkdir(path, { recursive: true, mode: FOLDER_MODE });
  },
  async writeSynced(path, text) {
    const file = await open(path, 'w', FILE_MODE);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  },
  rename,
  async syncFolder(path) {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
  async read(path) {
    try {
      return await readFile(path, 'utf8');
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
      throw cause;
    }
  },
};
