/** https://github.com/tc39/proposal-json-parse-with-source, which Node has and TypeScript's library does not name yet. */
type ExactJson = {
  parse(text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown;
  /** Stands for itself in `JSON.stringify`: digits that no number holds. */
  rawJSON(text: string): unknown;
};
const json = JSON as unknown as ExactJson;

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const MAY_BE_WIDE = /\d{16}/;

/** Integers that a number cannot hold become `bigint`; what is wider than 64 bits was a real. */
function keepWide(_key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined || !/^-?\d+$/.test(source)) return value;
  const wide = BigInt(source);
  return wide >= INT64_MIN && wide <= INT64_MAX ? wide : value;
}

/**
 * JSON whose integers stay exact.
 * @throws SyntaxError
 */
export const parseExact = (text: string): unknown =>
  // The reviver costs several times the parsing, and few texts hold such a number.
  MAY_BE_WIDE.test(text) ? json.parse(text, keepWide) : JSON.parse(text);

/** Digits as they are, for `JSON.stringify`. */
export const exactNumber = (digits: string): unknown => json.rawJSON(digits);
