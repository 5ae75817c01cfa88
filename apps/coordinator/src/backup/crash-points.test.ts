import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readDatabaseState } from '@cloudless/db';
import { describe, expect, it } from 'vitest';
import type { CrashPointName } from '../crash-points.ts';
import { readBackupFile } from './backup-file.ts';
import { createFolder, createRqlite, foundCluster, openEmbedded, type Folder } from './testing/create-places.ts';

const PROGRAM = join(import.meta.dirname, 'main.ts');
const PATIENCE_MS = 60_000;

type Ending = { readonly signal: string | undefined; readonly said: string };

/** One of the commands as a process of its own, killed at the point if there is one. */
const runCommand = ({ root }: Folder, argv: readonly string[], point?: CrashPointName, more = {}): Promise<Ending> =>
  promisify(execFile)(process.execPath, [PROGRAM, ...argv], {
    env: { NODE_ENV: 'test', CLOUDLESS_DATA: root, ...more, ...(point ? { CLOUDLESS_TEST_FAULTS: '1', CLOUDLESS_CRASH_AT: point } : {}) },
    timeout: PATIENCE_MS,
  }).then(
    ({ stdout }) => ({ signal: undefined, said: stdout }),
    (error: { signal?: string; stderr?: string }) => ({ signal: error.signal, said: error.stderr ?? '' }),
  );

describe('a backup that is killed', () => {
  it.each(['backup.beforeRename', 'backup.afterRename'] as const)(
    'at %s leaves a whole file under its name, or none, and can be made again',
    async (point) => {
      await using folder = await createFolder();
      const { clusterId } = await foundCluster(folder);
      const [first, second] = [join(folder.root, 'first.backup'), join(folder.root, 'second.backup')];
      expect((await runCommand(folder, ['backup', '--to', first], point)).signal).toBe('SIGKILL');
      expect(existsSync(first)).toBe(point === 'backup.afterRename');
      const again = existsSync(first) ? second : first;
      expect((await runCommand(folder, ['backup', '--to', again])).said).toContain('read back and whole');
      const made = [first, second].filter((path) => existsSync(path));
      expect(made.map((path) => readBackupFile(path, `${path}.db`).clusterId)).toEqual(made.map(() => clusterId));
      const drafts = (path: string) => readdirSync(folder.root).filter((name) => join(folder.root, name).startsWith(`${path}.partial`));
      expect(drafts(again)).toEqual([]);
    },
    PATIENCE_MS,
  );
});

describe('a move that is killed', () => {
  it.each(['move.beforeMark', 'move.afterMark'] as const)(
    'at %s leaves the cluster in one place, and is finished by running it again',
    async (point) => {
      await using folder = await createFolder();
      const { clusterId } = await foundCluster(folder);
      await using rqlite = await createRqlite();
      const store = { CLOUDLESS_STORE_URL: rqlite.url };
      expect((await runCommand(folder, ['move'], point, store)).signal).toBe('SIGKILL');
      const stateHere = async () => {
        const embedded = await openEmbedded(folder);
        const state = await readDatabaseState(embedded);
        await embedded.stop();
        return state;
      };
      const movedTo = point === 'move.afterMark' ? rqlite.url : undefined;
      expect(await stateHere()).toMatchObject({ kind: 'cluster', clusterId, movedTo });
      expect((await readDatabaseState(rqlite.driver)).kind).toBe('empty');
      expect((await runCommand(folder, ['move'], undefined, store)).said).toContain('counted and verified');
      expect(await stateHere()).toMatchObject({ movedTo: rqlite.url });
      expect(await readDatabaseState(rqlite.driver)).toMatchObject({ kind: 'cluster', clusterId });
    },
    PATIENCE_MS,
  );
});
