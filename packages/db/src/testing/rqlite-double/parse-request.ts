/** One statement as rqlite reads it from JSON. `named` holds parameters given as `{"name": value}`. */
export type DoubleStatement = {
  readonly sql: string;
  readonly params: readonly DoubleValue[];
  readonly named: Readonly<Record<string, DoubleValue>>;
};
export type DoubleValue = null | string | number | bigint | Uint8Array;

/** What rqlite answers with status 400, in its words. */
export class BadRequest extends Error {}

/** `x'00ff'`, which rqlite takes for bytes wherever it stands. */
function parseHex(text: string): Uint8Array | undefined {
  const digits = /^\s*[xX]'((?:[0-9a-fA-F]{2})*)'\s*$/.exec(text)?.[1];
  return digits === undefined ? undefined : Uint8Array.from(Buffer.from(digits, 'hex'));
}

/** A number with its digits, so that an int64 stays one. */
class Digits {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

function parseNumber({ source }: Digits): number | bigint {
  if (/^-?\d+$/.test(source)) {
    const whole = BigInt(source);
    if (whole >= -(2n ** 63n) && whole < 2n ** 63n) return whole;
  }
  return Number(source);
}

function parseBytes(values: readonly unknown[]): Uint8Array {
  return Uint8Array.from(
    values.map((value) => {
      if (!(value instanceof Digits)) throw new BadRequest(`unsupported type ${typeof value}`);
      const byte = parseNumber(value);
      if (typeof byte !== 'bigint' || byte < 0n || byte > 255n) throw new BadRequest(`unsupported type ${value.source}`);
      return Number(byte);
    }),
  );
}

function parseValue(value: unknown): DoubleValue {
  if (value === null) return null;
  if (value instanceof Digits) return parseNumber(value);
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'string') return parseHex(value) ?? value;
  if (Array.isArray(value)) return parseBytes(value);
  throw new BadRequest('unsupported type map[string]interface {}');
}

function parseStatement(entry: unknown): DoubleStatement {
  if (typeof entry === 'string') return { sql: entry, params: [], named: {} };
  if (!Array.isArray(entry)) throw new BadRequest('invalid request');
  const [sql, ...rest] = entry as unknown[];
  if (typeof sql !== 'string') throw new BadRequest('invalid request');
  const isNamed = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Digits);
  const named = rest.filter(isNamed).flatMap((names) => Object.entries(names).map(([name, value]) => [name, parseValue(value)] as const));
  return { sql, params: rest.filter((value) => !isNamed(value)).map(parseValue), named: Object.fromEntries(named) };
}

type WithSource = (text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown) => unknown;
const parseWithSource = JSON.parse as unknown as WithSource;

/** @throws BadRequest */
export function parseStatements(body: string): readonly DoubleStatement[] {
  let json: unknown;
  try {
    json = parseWithSource(body, (_key, value, { source }) => (typeof value === 'number' ? new Digits(source ?? '') : value));
  } catch {
    throw new BadRequest(body === '' || /^\s*\[/.test(body) ? 'invalid JSON body' : 'invalid request');
  }
  if (!Array.isArray(json)) throw new BadRequest('invalid request');
  if (json.length === 0) throw new BadRequest('no statements');
  return json.map(parseStatement);
}
