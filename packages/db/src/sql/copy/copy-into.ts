import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@cloudless/kernel';
import { CloudlessError } from '@cloudless/proto';
import { readDatabaseState, type DatabaseState } from '../../whose-database.ts';
import type { SqlDriver, SqlValue, Statement } from '../driver.ts';
import { failedQuery } from '../failures.ts';
import { guardThat } from '../guarded-writer.ts';
import { findDifference, openCopyFile, type CopyFile } from './copy-file.ts';

/** A driver that can write its whole database into an SQLite file. */
export type CopyableDriver = SqlDriver & { snapshot(path: string): Promise<void> };

/** Where a copy stands; each is a place where a crash must leave nothing that cannot be finished or undone. */
export type CopyStep = 'begun' | 'emptied' | 'filling' | 'filled' | 'verified' | 'finished';

export type CopyIntoOptions = {
  /** Has this release's schema. */
  readonly driver: CopyableDriver;
  readonly copy: CopyFile;
  /** Where the copy comes from, for whoever finds half of it. */
  readonly source: string;
  readonly clock: Pick<Clock, 'now'>;
  /** Epoch of the cluster in the new place. */
  readonly epoch: number;
  readonly onStep?: (step: CopyStep) => void;
};

/** Rows of one request, and what they may weigh: small enough for any deadline. */
const ROWS = 500;
const WEIGHT = 1_000_000;
/** Sends of one request. All of them can be repeated: rows that are there already are left alone. */
const TRIES = 5;

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const weightOf = (row: readonly SqlValue[]): number =>
  row.reduce<number>(
    (sum, value) => sum + (typeof value === 'string' ? value.length : value instanceof Uint8Array ? value.length * 2 : 8),
    0,
  );

/** Sends what may happen twice until it certainly happened. */
async function sendSurely(driver: SqlDriver, id: string, statements: readonly Statement[]): Promise<void> {
  let said = '';
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const outcome = await driver.batch(statements, { id });
    if (outcome.kind === 'committed') return;
    if (outcome.kind === 'failed' && outcome.statement >= 0) throw failedQuery(outcome.failure);
    said = outcome.kind === 'failed' ? outcome.failure.message : outcome.reason;
  }
  throw new CloudlessError('store_unavailable', `The copy stopped: ${said}. Run the command again; it goes on from a clean start.`);
}

const refuse = (message: string): CloudlessError => new CloudlessError('store_unavailable', message);

/** @throws CloudlessError `store_unavailable` when the database holds anything but nothing, or half of this very copy */
function refuseOccupied(state: DatabaseState, clusterId: string): void {
  if (state.kind === 'cluster') throw refuse(`The database holds cluster ${state.clusterId} already. Copy into an empty one.`);
  if (state.kind === 'incoming' && state.clusterId !== clusterId)
    throw refuse(`The database holds half a copy of another cluster, ${state.clusterId}. Copy into an empty one.`);
}

/** The mark of a run: what an earlier run, or an earlier step of this one, sent late does nothing any more. */
type Mark = { readonly clusterId: string; readonly at: number };

const isOurs = ({ clusterId, at }: Mark): Statement =>
  guardThat('(SELECT cluster_id = ? AND started_at = ? FROM incoming)', [clusterId, at]);

async function begin({ driver, copy, source, clock }: CopyIntoOptions): Promise<Mark> {
  const { clusterId } = copy.contents;
  const before = await readDatabaseState(driver);
  refuseOccupied(before, clusterId);
  const at = Math.max(clock.now(), before.kind === 'incoming' ? before.startedAt + 1 : 0);
  const sql = `INSERT INTO incoming (singleton, cluster_id, source, started_at) VALUES (1, ?, ?, ?)
    ON CONFLICT (singleton) DO UPDATE SET source = excluded.source, started_at = excluded.started_at WHERE cluster_id = excluded.cluster_id`;
  await driver.batch([guardThat('(SELECT count(*) = 0 FROM cluster)'), { sql, params: [clusterId, source, at] }], { id: 'copy-begin' });
  // Whatever the answer, what counts is what stands there now.
  const after = await readDatabaseState(driver);
  refuseOccupied(after, clusterId);
  if (after.kind !== 'incoming' || after.startedAt !== at)
    throw refuse('The database did not take the mark of a copy. Run the command again.');
  return { clusterId, at };
}

/** From here on, what was sent to empty the tables does nothing. */
async function nextMark(driver: SqlDriver, { clusterId, at }: Mark): Promise<Mark> {
  const guard = guardThat('(SELECT cluster_id = ? AND started_at IN (?, ?) FROM incoming)', [clusterId, at, at + 1]);
  await sendSurely(driver, 'copy-mark', [guard, { sql: 'UPDATE incoming SET started_at = ?', params: [at + 1] }]);
  return { clusterId, at: at + 1 };
}

async function empty(driver: SqlDriver, tables: readonly string[], mark: Mark): Promise<void> {
  for (const table of tables) await sendSurely(driver, `copy-empty-${table}`, [isOurs(mark), { sql: `DELETE FROM ${quote(table)}` }]);
}

async function fill({ driver, copy, onStep }: CopyIntoOptions, mark: Mark): Promise<void> {
  for (const { name } of copy.contents.tables) {
    const columns = copy.columnsOf(name);
    const sql = `INSERT OR IGNORE INTO ${quote(name)} (${columns.map(quote).join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
    let group: Statement[] = [];
    let weight = 0;
    const send = async (): Promise<void> => {
      if (group.length > 0) await sendSurely(driver, `copy-${name}`, [isOurs(mark), ...group]);
      onStep?.('filling');
      group = [];
      weight = 0;
    };
    for (const params of copy.rowsOf(name)) {
      group.push({ sql, params });
      weight += weightOf(params);
      if (group.length >= ROWS || weight >= WEIGHT) await send();
    }
    await send();
  }
}

/** The new database's own copy is read back: what counts is what lies there, not what was sent. */
async function verify({ driver, copy }: CopyIntoOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'cloudless-verify-'));
  try {
    const path = join(folder, 'copy.db');
    await driver.snapshot(path);
    const found = openCopyFile(path, 'partial');
    found.close();
    const difference = findDifference(copy.contents.tables, found.contents.tables);
    if (difference !== undefined) throw refuse(`The copy is not like its source: ${difference}. Run the command again.`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function finish({ driver, copy, epoch }: CopyIntoOptions, mark: Mark): Promise<void> {
  const { clusterId } = copy.contents;
  const columns = copy.columnsOf('cluster').filter((name) => name !== 'moved_to');
  const all = copy.columnsOf('cluster');
  const [row = []] = copy.rowsOf('cluster');
  const valueOf = (name: string): SqlValue => (name === 'epoch' ? epoch : (row[all.indexOf(name)] ?? null));
  await driver.batch(
    [
      isOurs(mark),
      { sql: 'DELETE FROM incoming' },
      {
        sql: `INSERT INTO cluster (${columns.map(quote).join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
        params: columns.map(valueOf),
      },
    ],
    { id: 'copy-finish' },
  );
  const state = await readDatabaseState(driver);
  if (state.kind !== 'cluster' || state.clusterId !== clusterId)
    throw refuse('The copy is there and verified, and its last step was not taken. Run the command again.');
}

/**
 * Writes a whole cluster into an empty database, and verifies it. Until it is whole no coordinator can start on it or found a cluster
 * in it. Interrupted anywhere, it can be run again, or undone by `removeCopy`.
 *
 * @throws CloudlessError `store_unavailable`
 */
export async function copyInto(options: CopyIntoOptions): Promise<void> {
  const { driver, copy, onStep } = options;
  const names = copy.contents.tables.map(({ name }) => name);
  const first = await begin(options);
  onStep?.('begun');
  await empty(driver, names, first);
  const mark = await nextMark(driver, first);
  onStep?.('emptied');
  await fill(options, mark);
  onStep?.('filled');
  await verify(options);
  onStep?.('verified');
  await finish(options, mark);
  onStep?.('finished');
}

/**
 * Takes a copy away again: half of one, or a whole one that no coordinator has started on.
 *
 * @throws CloudlessError `store_unavailable` when it is in use, or another cluster's
 */
export async function removeCopy(driver: SqlDriver, copy: CopyFile, clock: Pick<Clock, 'now'>): Promise<void> {
  const { clusterId, token, tables } = copy.contents;
  const before = await readDatabaseState(driver);
  if (before.kind === 'empty') return;
  if (before.clusterId !== clusterId)
    throw refuse(`The database holds cluster ${before.clusterId}, not ${clusterId}: nothing was removed.`);
  const at = Math.max(clock.now(), before.kind === 'incoming' ? before.startedAt + 1 : 0);
  const mark = {
    sql: 'INSERT OR REPLACE INTO incoming (singleton, cluster_id, source, started_at) VALUES (1, ?, ?, ?)',
    params: [clusterId, 'a move that was undone', at],
  };
  const untouched = guardThat('(SELECT NOT EXISTS (SELECT 1 FROM cluster WHERE token <> ? OR id <> ?))', [token, clusterId]);
  await driver.batch([untouched, { sql: 'DELETE FROM cluster' }, mark], { id: 'copy-remove' });
  const after = await readDatabaseState(driver);
  if (after.kind !== 'incoming' || after.startedAt !== at)
    throw refuse('A coordinator has started on the new database: the move cannot be undone. Go back by backup and restore.');
  await empty(
    driver,
    tables.map(({ name }) => name),
    { clusterId, at },
  );
  await sendSurely(driver, 'copy-removed', [{ sql: 'DELETE FROM incoming' }]);
}
