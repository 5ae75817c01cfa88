import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { describeSqlDriverContract } from '../../contract/sql-driver-contract.ts';
import { createSqliteDriver, type SqliteOptions } from './index.ts';

async function open(options: Omit<SqliteOptions, 'path'>) {
  const folder = mkdtempSync(join(tmpdir(), 'cloudless-db-'));
  const path = join(folder, 'test.db');
  const driver = await createSqliteDriver({ ...options, path });
  return {
    driver,
    folder,
    path,
    async [Symbol.asyncDispose]() {
      await driver.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

describeSqlDriverContract('SQLite in a worker', () => open({ thread: 'worker' }));
describeSqlDriverContract('SQLite inline', () => open({ thread: 'inline' }));

const insert = (id: number) => [{ sql: 'INSERT INTO thing (id) VALUES (?)', params: [id] }];
const TABLE = [{ sql: 'CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY) STRICT' }];

describe('the embedded database', () => {
  it.each(['worker', 'inline'] as const)('keeps a write-ahead log and syncs it at every commit (%s)', async (thread) => {
    await using opened = await open({ thread });
    const { rows } = await opened.driver.query({ sql: 'SELECT journal_mode, synchronous FROM pragma_journal_mode, pragma_synchronous' });
    expect(rows).toEqual([['wal', 2]]);
  });

  it('serves in the order of asking: a read sees every batch before it', async () => {
    await using opened = await open({ thread: 'worker' });
    const all = [
      opened.driver.batch(TABLE, { id: 'table' }),
      ...Array.from({ length: 50 }, (_, id) => opened.driver.batch(insert(id), { id: `batch-${id}` })),
    ];
    const seen = await opened.driver.query({ sql: 'SELECT count(*) FROM thing' });
    await Promise.all(all);
    expect(seen.rows).toEqual([[50]]);
  });

  it('copies itself while it serves', async () => {
    await using opened = await open({ thread: 'worker' });
    await opened.driver.batch([...TABLE, ...insert(1)], { id: 'fill' });
    const copy = join(opened.folder, 'copy.db');
    await opened.driver.snapshot(copy);
    await opened.driver.batch(insert(2), { id: 'later' });
    const database = new DatabaseSync(copy, { readOnly: true });
    expect(database.prepare('SELECT count(*) AS total FROM thing').get()).toEqual({ total: 1 });
    database.close();
    await expect(opened.driver.snapshot(copy)).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  it.each(['worker', 'inline'] as const)('names the file that it cannot open (%s)', async (thread) => {
    const path = join(tmpdir(), 'cloudless-missing', 'nowhere', 'test.db');
    await expect(createSqliteDriver({ path, thread })).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining(path) as string,
    });
  });

  it('says that it is overloaded when its queue is full, at once', async () => {
    await using opened = await open({ thread: 'worker', queueLimit: 8 });
    await opened.driver.batch(TABLE, { id: 'table' });
    const outcomes = await Promise.all(Array.from({ length: 30 }, (_, id) => opened.driver.batch(insert(id), { id: `batch-${id}` })));
    expect(outcomes.filter(({ kind }) => kind === 'committed')).toHaveLength(12);
    expect(outcomes.at(-1)).toMatchObject({ kind: 'failed', failure: { kind: 'overloaded' } });
  });

  it('knows what was sent without an answer from what was never sent', async () => {
    await using opened = await open({ thread: 'worker', faults: { fsyncDelayMs: () => 150 } });
    const outcomes = await Promise.all(
      [1, 2, 3, 4, 5, 6].map((index) =>
        opened.driver.batch(index === 1 ? TABLE : insert(index), { id: `batch-${index}`, deadlineMs: index === 1 ? 10_000 : 20 }),
      ),
    );
    expect(outcomes.map(({ kind }) => kind)).toEqual(['committed', 'unknown', 'unknown', 'unknown', 'failed', 'failed']);
    expect(outcomes[4]).toMatchObject({ failure: { kind: 'deadline' } });
    // What was unknown happened after all; what was not sent did not.
    const { rows } = await opened.driver.query({ sql: 'SELECT id FROM thing ORDER BY id' });
    expect(rows).toEqual([[2], [3], [4]]);
  });
});
