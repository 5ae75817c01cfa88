import { ColumnTypeEnum, type ArgType, type ColumnType } from '@prisma/driver-adapter-utils';
import { assert } from '@cloudless/kernel';
import type { SqlRows, SqlValue } from '../driver.ts';
import { toIsoTime } from '../iso-time.ts';

/** A value as Prisma's compiled query passes it, as the database stores it. */
export function toSqlValue(arg: unknown, type: ArgType | undefined): SqlValue {
  if (arg === null || arg === undefined) return null;
  if (typeof arg === 'boolean') return arg ? 1 : 0;
  if (arg instanceof Date) return toIsoTime(arg.getTime());
  if (arg instanceof Uint8Array || typeof arg === 'bigint') return arg;
  if (typeof arg === 'number') return arg;
  assert(typeof arg === 'string', `Prisma passes scalars, not ${typeof arg}`);
  switch (type?.scalarType) {
    case 'datetime':
      return toIsoTime(Date.parse(arg));
    case 'int':
    case 'bigint':
      return BigInt(arg);
    case 'float':
      return Number(arg);
    case 'bytes':
      return new Uint8Array(Buffer.from(arg, 'base64'));
    default:
      return arg;
  }
}

const DECLARED: Readonly<Record<string, ColumnType>> = {
  TEXT: ColumnTypeEnum.Text,
  INTEGER: ColumnTypeEnum.Int32,
  BIGINT: ColumnTypeEnum.Int64,
  REAL: ColumnTypeEnum.Double,
  BOOLEAN: ColumnTypeEnum.Boolean,
  DATETIME: ColumnTypeEnum.DateTime,
  BLOB: ColumnTypeEnum.Bytes,
};

/** Type of an expression (`count(*)`), by what came back. */
function typeOfValues(values: readonly SqlValue[]): ColumnType {
  const sample = values.find((value) => value !== null);
  if (typeof sample === 'string') return ColumnTypeEnum.Text;
  if (typeof sample === 'bigint') return ColumnTypeEnum.Int64;
  if (sample instanceof Uint8Array) return ColumnTypeEnum.Bytes;
  if (typeof sample === 'number')
    return values.every((value) => value === null || Number.isInteger(value)) ? ColumnTypeEnum.Int64 : ColumnTypeEnum.Double;
  return ColumnTypeEnum.Int32;
}

/** The column types that Prisma's results need. Integers beyond 32 bits widen by value. */
export function columnTypes({ types, rows }: SqlRows): ColumnType[] {
  return types.map((declared, index) => {
    const values = rows.map((row) => row[index] ?? null);
    const known = declared === null ? undefined : DECLARED[declared.toUpperCase()];
    if (known === undefined) return typeOfValues(values);
    const isWide =
      known === ColumnTypeEnum.Int32 &&
      values.some((value) => typeof value === 'bigint' || (typeof value === 'number' && Math.abs(value) >= 2 ** 31));
    return isWide ? ColumnTypeEnum.Int64 : known;
  });
}

/** 64-bit integers travel as text, as Prisma wants them. */
export const fromSqlValue = (value: SqlValue, type: ColumnType): unknown =>
  typeof value === 'bigint' || (typeof value === 'number' && type === ColumnTypeEnum.Int64) ? value.toString() : value;
