import { z } from 'zod';
import type { SqlRows, SqlValue, StatementResult } from '../driver.ts';
import { parseExact } from './exact-json.ts';

const resultSchema = z.object({
  columns: z.array(z.string()).optional(),
  types: z.array(z.string()).optional(),
  values: z.array(z.array(z.unknown())).optional(),
  error: z.string().optional(),
  last_insert_id: z.union([z.number(), z.bigint()]).optional(),
  rows_affected: z.number().optional(),
});
const answerSchema = z.object({ results: z.array(resultSchema).default([]), error: z.string().optional() });

export type RqliteResult = z.infer<typeof resultSchema>;
/** `error` is of the request as a whole; each result may carry one of its own. All of it comes with status 200. */
export type RqliteAnswer = z.infer<typeof answerSchema>;

/** @returns `undefined` when the body is not an answer of rqlite */
export function parseAnswer(body: string): RqliteAnswer | undefined {
  try {
    return answerSchema.safeParse(parseExact(body)).data;
  } catch {
    return undefined;
  }
}

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,3}))?Z$/;

/**
 * rqlite reads text of a DATETIME column as a time and writes it anew, without trailing zeros. Ours has milliseconds always, so
 * that it sorts by time.
 */
const restoreTime = (text: string): string =>
  text.replace(TIME, (_all, seconds: string, fraction = '') => `${seconds}.${String(fraction).padEnd(3, '0')}Z`);

function toValue(value: unknown, type: string): SqlValue {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (Array.isArray(value)) return Uint8Array.from(value as number[]);
  if (typeof value === 'bigint') return type === 'real' ? Number(value) : value;
  if (typeof value === 'string') return type === 'datetime' ? restoreTime(value) : value;
  return typeof value === 'number' ? value : null;
}

/** Types are the declared ones; for an expression rqlite tells that of the first value, and nothing where there is no row. */
export function toRows({ columns = [], types = [], values = [] }: RqliteResult): SqlRows {
  return {
    columns,
    types: columns.map((_name, index) => types[index]?.toUpperCase() || null),
    rows: values.map((row) => row.map((value, index) => toValue(value, types[index] ?? ''))),
  };
}

export function toStatementResult(result: RqliteResult): StatementResult {
  const returned = toRows(result);
  if (result.columns) return { changes: returned.rows.length, lastInsertId: 0, returned };
  return { changes: result.rows_affected ?? 0, lastInsertId: result.last_insert_id ?? 0, returned };
}
