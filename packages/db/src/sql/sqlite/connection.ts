import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { BatchOutcome, SqlFailure, SqlRows, SqlValue, Statement, StatementResult } from '../driver.ts';
import { countParameters, findBatchRefusal, findStatementRefusal } from '../statements.ts';
import { findValueRefusal, fromBound, toBound } from '../values.ts';
import { isUnsureCommit, RefusedStatement, toFailure } from './failure.ts';

export type ConnectionOptions = {
  /** File, or `:memory:`. */
  readonly path: string;
  /** How long a lock of another process is waited for, in ms. */
  readonly busyTimeoutMs: number;
};

export type QueryOutcome = { readonly kind: 'rows'; readonly rows: SqlRows } | { readonly kind: 'failed'; readonly failure: SqlFailure };

/** The database in the thread that calls: every method blocks until it is durable. */
export interface SqliteConnection {
  query(statement: Statement): QueryOutcome;
  /** @param beforeCommit runs with the write lock held, where a slow disk would be slow */
  batch(statements: readonly Statement[], beforeCommit?: () => void): BatchOutcome;
  /** Writes a consistent copy to a file that must not exist (`VACUUM INTO`). */
  snapshot(path: string): QueryOutcome;
  close(): void;
}

type Prepared = {
  readonly statement: StatementSync;
  readonly columns: readonly string[];
  readonly types: readonly (string | null)[];
  /** Why it is no part of a batch. */
  readonly batchRefusal: string | undefined;
  readonly parameters: number;
};

/** Distinct texts kept prepared: the store's are about 30, Prisma's grow with the shape of queries. */
const PREPARED_LIMIT = 256;
const NO_ROWS: SqlRows = { columns: [], types: [], rows: [] };

export function openSqliteConnection({ path, busyTimeoutMs }: ConnectionOptions): SqliteConnection {
  const database = new DatabaseSync(path, {
    enableForeignKeyConstraints: true,
    enableDoubleQuotedStringLiterals: false,
    timeout: busyTimeoutMs,
  });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;');
  const prepared = new Map<string, Prepared>();
  let isReadOnly = false;

  /** A read that writes fails instead of passing by the guards. */
  function setReadOnly(wanted: boolean): void {
    if (wanted === isReadOnly) return;
    database.exec(`PRAGMA query_only = ${wanted ? 'ON' : 'OFF'}`);
    isReadOnly = wanted;
  }

  function prepare(sql: string): Prepared {
    const known = prepared.get(sql);
    if (known) return known;
    const refusal = findStatementRefusal(sql);
    if (refusal !== undefined) throw new RefusedStatement(refusal);
    const statement = database.prepare(sql);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    const described = statement.columns();
    const entry: Prepared = {
      statement,
      columns: described.map((column) => column.name),
      types: described.map((column) => column.type),
      batchRefusal: described.length > 0 ? findBatchRefusal(sql) : undefined,
      parameters: countParameters(sql),
    };
    if (prepared.size >= PREPARED_LIMIT) prepared.delete(prepared.keys().next().value ?? '');
    prepared.set(sql, entry);
    return entry;
  }

  function bind({ parameters }: Prepared, params: readonly SqlValue[]): SqlValue[] {
    // SQLite takes those that lack for NULL.
    if (params.length !== parameters) throw new RefusedStatement(`the statement takes ${parameters} parameters, not ${params.length}`);
    return params.map((value, index) => {
      const refusal = findValueRefusal(value);
      if (refusal !== undefined) throw new RefusedStatement(`parameter ${index + 1}: ${refusal}`);
      return toBound(value);
    });
  }

  function read(entry: Prepared, params: readonly SqlValue[]): SqlRows {
    const { statement, columns, types } = entry;
    const rows = statement.all(...bind(entry, params)) as unknown as SqlValue[][];
    return { columns, types, rows: rows.map((row) => row.map(fromBound)) };
  }

  function run({ sql, params = [] }: Statement): StatementResult {
    const entry = prepare(sql);
    if (entry.batchRefusal !== undefined) throw new RefusedStatement(entry.batchRefusal);
    if (entry.columns.length > 0) {
      const returned = read(entry, params);
      return { changes: returned.rows.length, lastInsertId: 0, returned };
    }
    const { changes, lastInsertRowid } = entry.statement.run(...bind(entry, params));
    // Schema changes make the described columns of other statements stale.
    if (/^\s*(create|alter|drop)\b/i.test(sql)) prepared.clear();
    return { changes: Number(changes), lastInsertId: fromBound(lastInsertRowid) as number | bigint, returned: NO_ROWS };
  }

  function rollBack(): void {
    if (database.isTransaction) database.exec('ROLLBACK');
  }

  return {
    query({ sql, params = [] }) {
      try {
        setReadOnly(true);
        return { kind: 'rows', rows: read(prepare(sql), params) };
      } catch (error) {
        return { kind: 'failed', failure: toFailure(error) };
      }
    },
    batch(statements, beforeCommit) {
      const results: StatementResult[] = [];
      try {
        setReadOnly(false);
        database.exec('BEGIN IMMEDIATE');
        for (const statement of statements) results.push(run(statement));
      } catch (error) {
        const statement = database.isTransaction ? results.length : -1;
        rollBack();
        return { kind: 'failed', failure: toFailure(error), statement };
      }
      try {
        beforeCommit?.();
        database.exec('COMMIT');
        return { kind: 'committed', results };
      } catch (error) {
        rollBack();
        if (isUnsureCommit(error)) return { kind: 'unknown', reason: `the disk failed while committing: ${String(error)}` };
        return { kind: 'failed', failure: toFailure(error), statement: -1 };
      }
    },
    snapshot(target) {
      try {
        setReadOnly(false);
        database.prepare('VACUUM INTO ?').run(target);
        return { kind: 'rows', rows: NO_ROWS };
      } catch (error) {
        // Whatever SQLite calls it (a file that exists is an ERROR), the statement is ours and right.
        return { kind: 'failed', failure: { kind: 'unavailable', message: `the copy to ${target} failed: ${toFailure(error).message}` } };
      }
    },
    close() {
      prepared.clear();
      if (database.isOpen) database.close();
    },
  };
}
