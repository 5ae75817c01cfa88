import type { SqlValue } from './driver.ts';

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** Why `value` cannot be stored, or `undefined` when it can. A database would turn most of these into NULL or a wrong number. */
export function findValueRefusal(value: unknown): string | undefined {
  if (value === null || value instanceof Uint8Array) return undefined;
  if (typeof value === 'string') {
    if (!value.isWellFormed()) return 'text holds a lone surrogate';
    return value.includes('\0') ? 'text holds a NUL character: store it as bytes' : undefined;
  }
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${value} is not a finite number`;
  if (typeof value === 'bigint') return value >= INT64_MIN && value <= INT64_MAX ? undefined : 'the integer is outside int64';
  return `a value of type ${typeof value} cannot be stored`;
}

/** Whole numbers travel as integers, so that the database never makes reals of them. */
export function toBound(value: SqlValue): SqlValue {
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
}

/** Integers come back as numbers where a number holds them exactly, else as `bigint`. */
export function fromBound(value: SqlValue): SqlValue {
  if (typeof value !== 'bigint') return value;
  const narrow = Number(value);
  return Number.isSafeInteger(narrow) ? narrow : value;
}
