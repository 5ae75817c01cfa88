import type { SqlFailure, SqlValue, Statement } from '../driver.ts';
import { castParameters, countParameters, findBatchRefusal, findStatementRefusal, hasReturning, spaceReturning } from '../statements.ts';
import { findValueRefusal } from '../values.ts';
import { exactNumber } from './exact-json.ts';

/** Reads: linearizable, at the leader, and sent on by nobody. Blobs as arrays of bytes, so that text in an ANY column differs from them. */
export const QUERY_PATH = '/db/query?level=linearizable&redirect&blob_array';
/**
 * Writes: one transaction. Not `/db/request`: there a statement that cannot be prepared does not roll the others back.
 * `redirect`, because a node that forwards repeats the request when its connection to the leader broke.
 */
export const EXECUTE_PATH = '/db/execute?transaction&redirect&blob_array';

/** Text that rqlite would store as a blob: `x'00ff'`. */
const LOOKS_LIKE_HEX = /^\s*x'(?:[0-9a-f]{2})*'\s*$/i;
const toHex = (bytes: Uint8Array): string => `x'${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}'`;

function toParameter(value: SqlValue): unknown {
  if (typeof value === 'bigint') return exactNumber(value.toString());
  if (value instanceof Uint8Array) return toHex(value);
  if (typeof value === 'string' && LOOKS_LIKE_HEX.test(value)) return toHex(Buffer.from(value, 'utf8'));
  // A real that is whole and beyond 2^53 would be read as an integer.
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 1e21)
    return exactNumber(`${value}.0`);
  return value;
}

type Described = {
  /** As it is sent. */
  readonly sql: string;
  readonly refusal: { readonly read: string | undefined; readonly write: string | undefined };
  readonly parameters: number;
  readonly hasReturning: boolean;
};

/** Distinct texts kept: the store's are about 30, Prisma's grow with the shape of queries. */
const DESCRIBED_LIMIT = 256;
const described = new Map<string, Described>();

function describeStatement(sql: string): Described {
  const known = described.get(sql);
  if (known) return known;
  const entry: Described = {
    sql: spaceReturning(sql),
    refusal: { read: findStatementRefusal(sql), write: findBatchRefusal(sql) },
    parameters: countParameters(sql),
    hasReturning: hasReturning(sql),
  };
  if (described.size >= DESCRIBED_LIMIT) described.delete(described.keys().next().value ?? '');
  described.set(sql, entry);
  return entry;
}

export const returnsRows = ({ sql }: Statement): boolean => describeStatement(sql).hasReturning;

function toJson({ sql, params = [] }: Statement): unknown[] {
  const text = describeStatement(sql).sql;
  const hexes = new Set(params.flatMap((value, index) => (typeof value === 'string' && LOOKS_LIKE_HEX.test(value) ? [index] : [])));
  return [hexes.size === 0 ? text : castParameters(text, hexes), ...params.map(toParameter)];
}

/** The body of a request. The statements were found sound before. */
export const encodeStatements = (statements: readonly Statement[]): string => JSON.stringify(statements.map(toJson));

export type Refusal = { readonly failure: SqlFailure; readonly statement: number };

function findRefusedValue(params: readonly SqlValue[], wanted: number): string | undefined {
  // rqlite ignores those that are too many.
  if (params.length !== wanted) return `the statement takes ${wanted} parameters, not ${params.length}`;
  for (const [index, value] of params.entries()) {
    const refusal = findValueRefusal(value);
    if (refusal !== undefined) return `parameter ${index + 1}: ${refusal}`;
  }
  return undefined;
}

/** The first statement that must not be sent. */
export function findRefusal(statements: readonly Statement[], use: 'read' | 'write'): Refusal | undefined {
  for (const [statement, { sql, params = [] }] of statements.entries()) {
    const { refusal, parameters } = describeStatement(sql);
    const message = refusal[use] ?? findRefusedValue(params, parameters);
    if (message !== undefined) return { failure: { kind: 'refused', message }, statement };
  }
  return undefined;
}
