import { toIsoTime } from '../../sql/iso-time.ts';
import type { DoubleValue } from './parse-request.ts';

/** A value as rqlite writes it into JSON. */
export type JsonValue = null | string | number | boolean | readonly number[] | { readonly raw: string };

const TIME = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?([+-]\d\d:\d\d)?$/;
/** What comes back for text that is no time. */
const ZERO_TIME = '0001-01-01T00:00:00Z';

/** Text of a DATETIME column: read as a time, written without trailing zeros. */
function rewriteTime(text: string): string {
  const [, day, minutes = '00:00', seconds = '00', fraction = '', offset = '+00:00'] = TIME.exec(text.replace(/Z$/, '')) ?? [];
  if (day === undefined) return ZERO_TIME;
  const digits = fraction.replace(/0+$/, '');
  return `${day}T${minutes}:${seconds}${digits === '' ? '' : `.${digits}`}${offset === '+00:00' ? 'Z' : offset}`;
}

/** A whole number in a DATETIME column: ms when it is large, else seconds. */
function timeOfNumber(value: bigint): string {
  const ms = value > 10n ** 12n || value < -(10n ** 12n) ? value : value * 1000n;
  return rewriteTime(toIsoTime(Number(ms)));
}

const isTime = (type: string): boolean => type === 'datetime' || type === 'timestamp' || type === 'date';
const isText = (type: string): boolean => ['', 'text', 'json'].includes(type) || /^(?:varchar|nchar|nvarchar|clob)/.test(type);

/** @param type declared, in small letters; empty for an expression */
export function toJsonValue(value: DoubleValue, type: string, blobsAsArrays: boolean): JsonValue {
  if (value === null) return null;
  if (value instanceof Uint8Array) {
    // Bytes of an expression are taken for text, and lost where they are none.
    if (isText(type)) return Buffer.from(value).toString('utf8');
    return blobsAsArrays ? Array.from(value) : Buffer.from(value).toString('base64');
  }
  if (typeof value === 'string') return isTime(type) ? rewriteTime(value) : value;
  if (typeof value === 'number') return value;
  if (isTime(type)) return timeOfNumber(value);
  return type === 'boolean' ? value > 0n : { raw: value.toString() };
}

/** The type that is told of an expression: that of its first value. */
export function typeOfValue(value: DoubleValue): string {
  if (value === null) return '';
  if (value instanceof Uint8Array) return 'text';
  return typeof value === 'string' ? 'text' : typeof value === 'bigint' ? 'integer' : 'real';
}

const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;

/** JSON with the digits of integers as they are. */
export const writeJson = (value: unknown): string =>
  JSON.stringify(value, (_key, entry: unknown) =>
    typeof entry === 'object' && entry !== null && 'raw' in entry ? rawJson(String(entry.raw)) : entry,
  );
