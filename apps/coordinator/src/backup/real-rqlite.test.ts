import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeOnRqlited, type RealRqlite } from '@cloudless/db/testing/real-rqlite';
import { describe, expect, it } from 'vitest';
import { createBackup } from './create-backup.ts';
import { moveToRqlite, undoMove, type MoveOptions } from './move-to-rqlite.ts';
import { restoreBackup } from './restore-backup.ts';
import { createFolder, foundCluster, openEmbedded, ports, readCluster, type Folder } from './testing/create-places.ts';

const PATIENCE_MS = 60_000;

/** A folder with a cluster, beside real nodes that hold nothing. */
async function openBeside(folder: Folder, store: RealRqlite) {
  await foundCluster(folder);
  const [from, to] = [await openEmbedded(folder), await store.open()];
  const move: MoveOptions = { from, fromPath: folder.paths.database, to, url: store.urls.join(','), clock: ports.clock };
  return {
    from,
    to,
    move,
    async [Symbol.asyncDispose]() {
      await from.stop();
      await to.stop();
    },
  };
}

describe('a cluster', () => {
  describeOnRqlited(3, (empty) => {
    it(
      'moves there whole, is undone whole, and moves again',
      async () => {
        await using folder = await createFolder();
        await using opened = await openBeside(folder, await empty());
        const { from, to, move } = opened;
        const before = await readCluster(from);
        expect((await moveToRqlite(move)).kind).toBe('moved');
        expect(await readCluster(to)).toEqual(before);
        expect((await undoMove(move)).kind).toBe('undone');
        expect((await to.query({ sql: 'SELECT id FROM cluster' })).rows).toEqual([]);
        expect((await moveToRqlite(move)).kind).toBe('moved');
        expect(await readCluster(to)).toEqual(before);
      },
      PATIENCE_MS,
    );

    it(
      'is backed up from there, and restored into SQLite, and there again, as it was',
      async () => {
        await using folder = await createFolder();
        const backup = join(folder.root, 'home.backup');
        await using opened = await openBeside(folder, await empty());
        await moveToRqlite(opened.move);
        const before = await readCluster(opened.to);
        await createBackup({ driver: opened.to, ...ports, version: '9.9.9', to: backup });

        await using there = await createFolder();
        await copyFile(folder.paths.masterKey, there.paths.masterKey);
        const restore = { from: backup, paths: there.paths, passphrase: undefined, ...ports };
        const into = await (await empty()).open();
        await restoreBackup({ ...restore, into });
        expect(await readCluster(into)).toEqual(before);
        await into.stop();
        await restoreBackup({ ...restore, into: undefined });
        const embedded = await openEmbedded(there);
        expect(await readCluster(embedded)).toEqual(before);
        await embedded.stop();
      },
      PATIENCE_MS,
    );
  });
});
