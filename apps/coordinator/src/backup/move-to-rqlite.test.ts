import { openCluster, readDatabaseState, refuseUnusable } from '@cloudless/db';
import type { Fault, SeenRequest } from '@cloudless/db/testing';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../config.ts';
import { openDatabase } from '../open-database.ts';
import { moveToRqlite, undoMove, type MoveOptions, type MoveStep } from './move-to-rqlite.ts';
import {
  createFolder,
  createRqlite,
  foundCluster,
  openEmbedded,
  ports,
  readCluster,
  type Folder,
  type OpenRqlite,
} from './testing/create-places.ts';

const STEPS: readonly MoveStep[] = ['marked', 'begun', 'emptied', 'filling', 'filled', 'verified', 'finished', 'copied'];

/** One run of the command: opens the embedded database, works, closes it, as its process would. */
async function run<T>(folder: Folder, rqlite: OpenRqlite, work: (options: MoveOptions) => Promise<T>): Promise<T> {
  const from = await openEmbedded(folder);
  try {
    return await work({ from, fromPath: folder.paths.database, to: rqlite.driver, url: rqlite.url, clock: ports.clock });
  } finally {
    await from.stop();
  }
}
const move = (folder: Folder, rqlite: OpenRqlite, dieAt?: MoveStep) =>
  run(folder, rqlite, (options) =>
    moveToRqlite({
      ...options,
      onStep(step) {
        if (step === dieAt) throw new Error(`died at ${step}`);
      },
    }),
  );
const undo = (folder: Folder, rqlite: OpenRqlite) => run(folder, rqlite, undoMove);

/** Whether a coordinator would start on the database. */
async function canStart(driver: OpenRqlite['driver'] | Awaited<ReturnType<typeof openEmbedded>>): Promise<boolean> {
  const state = await readDatabaseState(driver);
  try {
    refuseUnusable(state, 'it');
  } catch {
    return false;
  }
  return state.kind === 'cluster';
}

async function readEmbedded(folder: Folder) {
  const driver = await openEmbedded(folder);
  try {
    return { contents: await readCluster(driver), canStart: await canStart(driver) };
  } finally {
    await driver.stop();
  }
}

describe('a move to rqlite', () => {
  it('takes every row along, and the old database refuses to start', async () => {
    await using folder = await createFolder();
    const { clusterId, epoch } = await foundCluster(folder);
    const before = (await readEmbedded(folder)).contents;
    await using rqlite = await createRqlite();
    expect(await move(folder, rqlite)).toEqual({ kind: 'moved', clusterId });
    expect(await readCluster(rqlite.driver)).toEqual(before);
    const open = (more: Record<string, string>) =>
      openDatabase({ config: parseConfig({ CLOUDLESS_DATA: folder.root, ...more }), ...ports }, folder.paths);
    await expect(open({})).rejects.toThrow(`was moved to ${rqlite.url}`);
    const { driver } = await open({ CLOUDLESS_STORE_URL: rqlite.url });
    // The token went up: whoever still ran on the old database is fenced out of both.
    expect(await openCluster({ driver, ...ports })).toMatchObject({ clusterId, epoch, token: 3 });
    await driver.stop();
    expect(await move(folder, rqlite)).toEqual({ kind: 'alreadyMoved', clusterId });
    await expect(undo(folder, rqlite)).rejects.toThrow('cannot be undone');
  });

  it.each(STEPS)('that dies at “%s” is never in both places, and is finished by running it again', async (step) => {
    await using folder = await createFolder();
    await foundCluster(folder);
    const before = (await readEmbedded(folder)).contents;
    await using rqlite = await createRqlite();
    await expect(move(folder, rqlite, step)).rejects.toThrow(`died at ${step}`);
    expect((await readEmbedded(folder)).canStart).toBe(false);
    expect(await canStart(rqlite.driver)).toBe(step === 'finished' || step === 'copied');
    await move(folder, rqlite);
    expect(await readCluster(rqlite.driver)).toEqual(before);
    expect(await canStart(rqlite.driver)).toBe(true);
  });

  it.each(STEPS)('that dies at “%s” can be undone, and done anew', async (step) => {
    await using folder = await createFolder();
    await foundCluster(folder);
    const before = (await readEmbedded(folder)).contents;
    await using rqlite = await createRqlite();
    await expect(move(folder, rqlite, step)).rejects.toThrow(`died at ${step}`);
    expect(await undo(folder, rqlite)).toMatchObject({ kind: 'undone' });
    expect(await readEmbedded(folder)).toEqual({ contents: before, canStart: true });
    expect(await readDatabaseState(rqlite.driver)).toEqual({ kind: 'empty' });
    await move(folder, rqlite);
    expect(await readCluster(rqlite.driver)).toEqual(before);
  });

  it('gets through lost answers and changes of leader', async () => {
    await using folder = await createFolder();
    await foundCluster(folder);
    const before = (await readEmbedded(folder)).contents;
    let writes = 0;
    let isArmed = false;
    const fault = ({ path }: SeenRequest): Fault | undefined => {
      if (!isArmed || path !== '/db/execute') return undefined;
      writes += 1;
      return writes % 3 === 0
        ? { kind: 'loseAnswer', isDone: writes % 2 === 0 }
        : writes % 7 === 0
          ? { kind: 'leaderNotFound' }
          : undefined;
    };
    await using rqlite = await createRqlite({ fault });
    isArmed = true;
    // A lost answer of a step that is judged by what stands there may stop the run; it is then run again.
    let isMoved = false;
    for (let tries = 0; tries < 5 && !isMoved; tries += 1)
      isMoved = await move(folder, rqlite).then(
        () => true,
        () => false,
      );
    isArmed = false;
    expect(await readCluster(rqlite.driver)).toEqual(before);
    expect(await canStart(rqlite.driver)).toBe(true);
  });

  it('refuses an rqlite cluster that is not empty, and another address than the one it began with', async () => {
    await using folder = await createFolder();
    await foundCluster(folder);
    await using theirs = await createRqlite();
    const { clusterId } = await openCluster({ driver: theirs.driver, ...ports });
    await expect(move(folder, theirs)).rejects.toThrow(`holds cluster ${clusterId} already`);
    expect((await readEmbedded(folder)).canStart).toBe(true);
    await expect(undo(folder, theirs)).rejects.toThrow('nothing to undo');
    await using first = await createRqlite();
    await using second = await createRqlite();
    await expect(move(folder, first, 'filling')).rejects.toThrow('died');
    await expect(move(folder, second)).rejects.toThrow(`is being moved to ${first.url}`);
    await using taken = await createRqlite();
    await using other = await createFolder();
    await foundCluster(other);
    await expect(move(other, taken, 'marked')).rejects.toThrow('died');
    await openCluster({ driver: taken.driver, ...ports });
    await expect(undo(other, taken)).rejects.toThrow(/nothing was undone\. Empty that rqlite cluster and undo again, or make a backup/);
    await using empty = await createFolder();
    await expect(move(empty, second)).rejects.toThrow('holds no cluster to move');
  });
});
