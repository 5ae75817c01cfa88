import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { toIsoTime } from '../../sql/iso-time.ts';
import { countParameters, hasReturning, isReading, splitStatements } from '../../sql/statements.ts';
import { toJsonValue, typeOfValue, type JsonValue } from './go-values.ts';
import type { DoubleStatement, DoubleValue } from './parse-request.ts';

/** A result in rqlite's JSON: what is empty is left out. */
export type DoubleResult = {
  readonly columns?: readonly string[];
  readonly types?: readonly string[];
  readonly values?: readonly (readonly JsonValue[])[];
  readonly error?: string;
  readonly last_insert_id?: JsonValue;
  readonly rows_affected?: number;
};
export type DoubleAnswer = { readonly results: readonly DoubleResult[]; readonly error?: string };
export type Shape = { readonly blobsAsArrays: boolean };

/** One node's copy of the database, with rqlite's manners. */
export interface DoubleDatabase {
  execute(statements: readonly DoubleStatement[], isTransaction: boolean, shape: Shape): DoubleAnswer;
  query(statements: readonly DoubleStatement[], shape: Shape): DoubleAnswer;
  /** Reads and writes in one. In a transaction, a statement that cannot be prepared does not roll the others back. */
  request(statements: readonly DoubleStatement[], isTransaction: boolean, shape: Shape): DoubleAnswer;
  copyTo(path: string): void;
  close(): void;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const QUERY_WRITES = 'attempt to change database via query operation';

/** SQLite's clock is the machine's; a node of the double has its own, so that what diverges between replicas is seen. */
const useOwnClock = (sql: string): string => sql.replaceAll(/\bCURRENT_TIMESTAMP\b/gi, '(node_now())');

/** @param now the node's wall clock, for `CURRENT_TIMESTAMP` */
export function createDoubleDatabase(now: () => number): DoubleDatabase {
  const database = new DatabaseSync(':memory:', { enableForeignKeyConstraints: false, enableDoubleQuotedStringLiterals: true });
  database.function('node_now', () => toIsoTime(now()).slice(0, 19).replace('T', ' '));

  function bind(statement: StatementSync, { params, named }: DoubleStatement, wanted: number): void {
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    if (params.length < wanted && Object.keys(named).length === 0)
      throw new Error(`not enough args to execute query: want ${wanted} got ${params.length}`);
  }

  function rowsOf(statement: DoubleStatement, { blobsAsArrays }: Shape): DoubleResult {
    const prepared = database.prepare(useOwnClock(statement.sql));
    const wanted = countParameters(statement.sql);
    bind(prepared, statement, wanted);
    const rows = (Object.keys(statement.named).length > 0
      ? prepared.all(statement.named)
      : prepared.all(...statement.params.slice(0, wanted))) as unknown as DoubleValue[][];
    const described = prepared.columns();
    const declared = described.map(({ type }) => type?.toLowerCase() ?? '');
    const values = rows.map((row) => row.map((value, index) => toJsonValue(value, declared[index] ?? '', blobsAsArrays)));
    const types = declared.map((type, index) => (type === '' ? typeOfValue(rows[0]?.[index] ?? null) : type));
    return {
      ...(described.length > 0 ? { columns: described.map(({ name }) => name), types } : {}),
      ...(values.length > 0 ? { values } : {}),
    };
  }

  function changesOf(statement: DoubleStatement): DoubleResult {
    let result: DoubleResult = {};
    let params = [...statement.params];
    const texts = splitStatements(statement.sql);
    // A text without a statement does nothing, and is no error.
    for (const sql of texts) {
      const prepared = database.prepare(useOwnClock(sql));
      const wanted = countParameters(sql);
      bind(prepared, { ...statement, params }, wanted);
      const { changes, lastInsertRowid } =
        Object.keys(statement.named).length > 0 ? prepared.run(statement.named) : prepared.run(...params.slice(0, wanted));
      params = params.slice(wanted);
      result = {
        ...(BigInt(lastInsertRowid) === 0n ? {} : { last_insert_id: { raw: lastInsertRowid.toString() } }),
        ...(Number(changes) === 0 ? {} : { rows_affected: Number(changes) }),
      };
    }
    return result;
  }

  /** rqlite looks for the word and one space. */
  const returnsRows = (sql: string): boolean => sql.toLowerCase().includes('returning ') && hasReturning(sql);
  const executeOne = (statement: DoubleStatement, shape: Shape): DoubleResult =>
    returnsRows(statement.sql) ? rowsOf(statement, shape) : changesOf(statement);

  function rollBack(): void {
    if (database.isTransaction) database.exec('ROLLBACK');
  }

  function inTransaction(isTransaction: boolean, work: () => { results: readonly DoubleResult[]; isDone: boolean }): DoubleAnswer {
    if (!isTransaction) return { results: work().results };
    try {
      database.exec('BEGIN');
    } catch (error) {
      return { results: [], error: messageOf(error) };
    }
    const { results, isDone } = work();
    if (isDone) database.exec('COMMIT');
    else rollBack();
    return { results };
  }

  function canPrepare(sql: string): string | undefined {
    try {
      for (const one of splitStatements(sql)) database.prepare(useOwnClock(one));
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  }

  return {
    execute: (statements, isTransaction, shape) =>
      inTransaction(isTransaction, () => {
        const results: DoubleResult[] = [];
        for (const statement of statements) {
          if (statement.sql === '') continue;
          try {
            results.push(executeOne(statement, shape));
          } catch (error) {
            results.push({ error: messageOf(error) });
            if (isTransaction) return { results, isDone: false };
          }
        }
        return { results, isDone: true };
      }),
    query: (statements, shape) => ({
      results: statements.map((statement) => {
        const error = canPrepare(statement.sql);
        if (error !== undefined) return { error };
        if (!isReading(statement.sql)) return { error: QUERY_WRITES };
        try {
          return rowsOf(statement, shape);
        } catch (failure) {
          return { error: messageOf(failure) };
        }
      }),
    }),
    request: (statements, isTransaction, shape) =>
      inTransaction(isTransaction, () => {
        const results: DoubleResult[] = [];
        for (const statement of statements) {
          const error = canPrepare(statement.sql);
          if (error !== undefined) {
            results.push({ error });
            continue;
          }
          try {
            results.push(isReading(statement.sql) ? rowsOf(statement, shape) : executeOne(statement, shape));
          } catch (failure) {
            results.push({ error: messageOf(failure) });
            if (isTransaction) return { results, isDone: false };
          }
        }
        return { results, isDone: true };
      }),
    copyTo: (path) => void database.prepare('VACUUM INTO ?').run(path),
    close: () => database.close(),
  };
}
