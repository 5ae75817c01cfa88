import type { SqlDriverAdapter, SqlDriverAdapterFactory, SqlQuery, SqlResultSet } from '@prisma/driver-adapter-utils';
import { CloudlessError } from '@cloudless/proto';
import type { SqlDriver, SqlRows, Statement, StatementResult } from '../driver.ts';
import { unknownOutcome, type GuardedWriter } from '../guarded-writer.ts';
import { toAdapterError } from './prisma-errors.ts';
import { columnTypes, fromSqlValue, toSqlValue } from './prisma-values.ts';

/** SQLite's limit of parameters in builds that do not raise it. */
const MAX_BIND_VALUES = 999;
const IDENTITY = { provider: 'sqlite', adapterName: '@cloudless/db' } as const;
const RULE =
  'Prisma transactions are refused: the clustered database has none. Write with one statement (create, update, upsert, updateMany, …, without nested writes or include), or make it one SqlDriver.batch.';

const refused = (message: string): CloudlessError => new CloudlessError('internal', message);
const isRead = (sql: string): boolean => /^\s*(select|explain|values)\b/i.test(sql);

const toStatement = ({ sql, args, argTypes }: SqlQuery): Statement => ({
  sql,
  params: args.map((arg, index) => toSqlValue(arg, argTypes[index])),
});

function toResultSet(rows: SqlRows): SqlResultSet {
  const types = columnTypes(rows);
  return {
    columnNames: [...rows.columns],
    columnTypes: types,
    rows: rows.rows.map((row) => row.map((value, index) => fromSqlValue(value, types[index] ?? 7))),
  };
}

export type PrismaAdapterOptions = { readonly driver: SqlDriver; readonly writer: GuardedWriter };

/** Prisma over the `SqlDriver` port: reads go to the driver, each write is one guarded batch, transactions are refused. */
export function createPrismaAdapter({ driver, writer }: PrismaAdapterOptions): SqlDriverAdapterFactory {
  async function write(query: SqlQuery): Promise<StatementResult> {
    const outcome = await writer.write([toStatement(query)]);
    if (outcome.kind !== 'committed') throw toAdapterError(outcome);
    const result = outcome.results?.[0];
    if (!result) throw unknownOutcome('the change is stored, and what it returned was lost');
    return result;
  }

  const adapter: SqlDriverAdapter = {
    ...IDENTITY,
    async queryRaw(query) {
      return toResultSet(isRead(query.sql) ? await driver.query(toStatement(query)) : (await write(query)).returned);
    },
    async executeRaw(query) {
      return (await write(query)).changes;
    },
    executeScript: () => Promise.reject(refused('Scripts are refused: the schema changes by numbered migrations only.')),
    startTransaction: () => Promise.reject(refused(RULE)),
    getConnectionInfo: () => ({ maxBindValues: MAX_BIND_VALUES, supportsRelationJoins: false }),
    // The driver belongs to whoever opened it.
    dispose: () => Promise.resolve(),
  };
  return { ...IDENTITY, connect: () => Promise.resolve(adapter) };
}
