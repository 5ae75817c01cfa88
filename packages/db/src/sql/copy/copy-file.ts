import { createHash, type Hash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { CloudlessError } from '@cloudless/proto';
import type { SqlValue } from '../driver.ts';
import { fromBound } from '../values.ts';

/** One table of a copy. The digest covers every value of every row, in the order in which they were written. */
export type TableDigest = { readonly name: string; readonly rows: number; readonly sha256: string };

export type CopyContents = {
  readonly schemaVersion: number;
  readonly clusterId: string;
  readonly epoch: number;
  readonly token: number;
  readonly headRevision: number;
  readonly tables: readonly TableDigest[];
};

/** An SQLite file that holds a whole cluster, as `snapshot` of either driver writes it. */
export interface CopyFile {
  readonly contents: CopyContents;
  columnsOf(table: string): readonly string[];
  /** In the order in which they were written. */
  rowsOf(table: string): IterableIterator<readonly SqlValue[]>;
  close(): void;
}

/** What belongs to a database and not to the cluster in it: its history, its guard, who leads there, and the cluster's own row. */
const NOT_COPIED = new Set(['migration', 'guard', 'incoming', 'leader', 'cluster']);

const broken = (path: string, why: string, cause?: unknown): CloudlessError =>
  new CloudlessError('store_unavailable', `${path} is no whole copy of a Cloudless database: ${why}. Use another copy.`, { cause });

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Type and length before each value, so that no two rows share their bytes. */
function digestValue(hash: Hash, value: SqlValue): void {
  if (value === null) return void hash.update('n;');
  if (value instanceof Uint8Array) return void hash.update(`b${value.byteLength};`).update(value);
  if (typeof value === 'string') return void hash.update(`t${Buffer.byteLength(value)};`).update(value, 'utf8');
  hash.update(typeof value === 'bigint' ? `i${value};` : `r${value};`);
}

/**
 * Opens and checks a copy, and digests its tables.
 *
 * @param state `partial`: the cluster's own row may lack, as while a copy is being written
 * @throws CloudlessError `store_unavailable` when it is not a whole database of a cluster
 */
export function openCopyFile(path: string, state: 'whole' | 'partial' = 'whole'): CopyFile {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(path);
  } catch (cause) {
    throw broken(path, cause instanceof Error ? cause.message : String(cause), cause);
  }

  const columnsOf = (table: string): string[] =>
    database
      .prepare(`SELECT name FROM pragma_table_info(?)`)
      .all(table)
      .map((row) => String(row['name']));

  function* read(table: string): Generator<SqlValue[]> {
    const statement = database.prepare(`SELECT ${columnsOf(table).map(quote).join(', ')} FROM ${quote(table)} ORDER BY rowid`);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    for (const row of statement.iterate()) yield row as unknown as SqlValue[];
  }

  function digest(name: string): TableDigest {
    const hash = createHash('sha256').update(columnsOf(name).join(','));
    let rows = 0;
    for (const row of read(name)) {
      rows += 1;
      for (const value of row) digestValue(hash, value);
    }
    return { name, rows, sha256: hash.digest('hex') };
  }

  function readContents(): CopyContents {
    const [checked] = database.prepare('PRAGMA quick_check').all();
    if (checked?.['quick_check'] !== 'ok') throw broken(path, String(checked?.['quick_check']));
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name").all();
    const names = tables.map(({ name }) => String(name));
    if (!names.includes('cluster') || !names.includes('migration')) throw broken(path, 'it has no tables of a cluster');
    const { version } = database.prepare('SELECT max(version) AS version FROM migration').get() ?? {};
    const cluster = database.prepare('SELECT id, epoch, token, head_revision FROM cluster').get();
    if (!cluster && state === 'whole') throw broken(path, 'it holds no cluster');
    return {
      schemaVersion: Number(version),
      clusterId: String(cluster?.['id'] ?? ''),
      epoch: Number(cluster?.['epoch'] ?? 0),
      token: Number(cluster?.['token'] ?? 0),
      headRevision: Number(cluster?.['head_revision'] ?? 0),
      tables: names.filter((name) => !NOT_COPIED.has(name)).map(digest),
    };
  }

  try {
    return {
      contents: readContents(),
      columnsOf,
      *rowsOf(table) {
        for (const row of read(table)) yield row.map(fromBound);
      },
      close: () => database.close(),
    };
  } catch (error) {
    database.close();
    throw error instanceof CloudlessError ? error : broken(path, error instanceof Error ? error.message : String(error), error);
  }
}

/** The first table that differs, with what differs, or `undefined` when both hold the same. */
export function findDifference(wanted: readonly TableDigest[], found: readonly TableDigest[]): string | undefined {
  for (const table of wanted) {
    const other = found.find(({ name }) => name === table.name);
    if (other?.rows !== table.rows) return `table ${table.name} holds ${other?.rows ?? 'no'} rows instead of ${table.rows}`;
    if (other.sha256 !== table.sha256) return `table ${table.name} holds other values`;
  }
  const extra = found.find(({ name, rows }) => rows > 0 && !wanted.some((table) => table.name === name));
  return extra && `table ${extra.name} should not be there`;
}
