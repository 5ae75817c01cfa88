import { createManualClock, createMemoryLogger } from '@cloudless/kernel/testing';
import { CloudlessError, type BackupStatus } from '@cloudless/proto';
import { describe, expect, it } from 'vitest';
import { chooseStale } from './choose-stale.ts';
import { BACKUP_EVERY_MS, BACKUPS_KEPT, startBackupKeeper } from './keep-backups.ts';

function open(make: (name: string) => Promise<void> = () => Promise.resolve()) {
  const clock = createManualClock();
  const files: string[] = ['my-notes.txt'];
  const told: string[] = [];
  let last: BackupStatus['last'];
  let isAway = false;
  const keeper = startBackupKeeper({
    folder: '/backups',
    async make(name) {
      await make(name);
      files.push(name);
      last = { at: clock.now(), file: name, bytes: 1, revision: 1 };
    },
    list: () => Promise.resolve(files),
    remove: (name) => Promise.resolve(void files.splice(files.indexOf(name), 1)),
    recall: () => (isAway ? Promise.reject(new CloudlessError('store_unavailable', 'no leader')) : Promise.resolve(last ? { last } : {})),
    tell: ({ kind }) => told.push(kind),
    clock,
    logger: createMemoryLogger(),
  });
  return { clock, files, told, keeper, loseStore: () => (isAway = true) };
}

describe('the keeper of backups', () => {
  it('makes one a minute after the first start, then one a day, and keeps the newest seven', async () => {
    const { clock, files, told, keeper } = open();
    await clock.advance(61_000);
    expect(told).toEqual(['made']);
    for (let day = 0; day < 10; day += 1) await clock.advance(BACKUP_EVERY_MS);
    expect(told).toHaveLength(11);
    expect(files).toHaveLength(BACKUPS_KEPT + 1);
    expect(files[0]).toBe('my-notes.txt');
    await keeper.stop();
  });

  it('counts a day from the last one, whoever made it', async () => {
    const { clock, told, keeper } = open();
    await keeper.backUp();
    await clock.advance(BACKUP_EVERY_MS - 1000);
    expect(told).toEqual(['made']);
    await clock.advance(2000);
    expect(told).toEqual(['made', 'made']);
    await keeper.stop();
  });

  it('goes on to tell what it knew while the store is away', async () => {
    const { keeper, loseStore } = open();
    const made = await keeper.backUp();
    loseStore();
    expect(made.last).toBeDefined();
    expect(await keeper.status()).toEqual(made);
    await keeper.stop();
    const { keeper: fresh, loseStore: lose } = open();
    lose();
    await expect(fresh.status()).rejects.toThrow('no leader');
    await fresh.stop();
  });

  it('says why one failed, and tries again within the hour', async () => {
    let isFull = true;
    const { clock, told, keeper } = open(() =>
      isFull ? Promise.reject(new CloudlessError('config_invalid', 'no space')) : Promise.resolve(),
    );
    await clock.advance(61_000);
    expect(await keeper.status()).toMatchObject({ failed: { cause: { message: 'no space' } } });
    isFull = false;
    await clock.advance(3_600_000);
    expect(told).toEqual(['failed', 'made']);
    expect(await keeper.status()).not.toHaveProperty('failed');
    await keeper.stop();
  });

  it('makes one at a time', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { keeper } = open(() => promise);
    const first = keeper.backUp();
    await expect(keeper.backUp()).rejects.toMatchObject({ code: 'overloaded' });
    resolve();
    expect(await first).toMatchObject({ last: { bytes: 1 } });
    await keeper.stop();
  });
});

it('of a folder, only what the keeper made is removed, the oldest first, and what a killed one left half done', () => {
  const own = ['03', '01', '02'].map((day) => `cloudless-2026-11-${day}T00-00-00-000Z.backup`);
  expect(chooseStale([...own, 'cloudless-mine.backup', 'a.txt'], 1)).toEqual([own[1], own[2]]);
  const drafts = ['.partial', '.partial.db', '.partial.db-wal', '.partial.read'].map((end) => `${own[0]}${end}`);
  expect(chooseStale([...drafts, own[0] ?? '', 'mine.backup.partial'], 1)).toEqual(drafts);
});
