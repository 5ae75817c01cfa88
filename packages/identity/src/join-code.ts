import { createHmac } from 'node:crypto';

/** No letter that reads like another: Crockford's base32 (0 O, 1 I L and U are left out or read as one). */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 8;
/** 5 bits a letter: one byte gives one letter, so that none is likelier. */
export const JOIN_CODE_BYTES = LENGTH;

/** `ABCD-EFGH` of eight random bytes: 40 bits, good for a few guesses in 15 minutes and no more. */
export function formatJoinCode(bytes: Uint8Array): string {
  const text = [...bytes.subarray(0, LENGTH)].map((byte) => LETTERS[byte & 31]).join('');
  return `${text.slice(0, 4)}-${text.slice(4)}`;
}

/** The code as typed, without spaces, dashes and case; `undefined` when it is none. */
export function parseJoinCode(text: string): string | undefined {
  const plain = text.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1').replaceAll('U', 'V');
  return plain.length === LENGTH && /^[0-9A-HJKMNP-TV-Z]+$/.test(plain) ? plain : undefined;
}

/** HMAC-SHA-256 of a parsed code: 40 bits alone would be guessed from a plain hash. */
export const hashJoinCode = (code: string, key: Uint8Array): Uint8Array =>
  new Uint8Array(createHmac('sha256', key).update('cloudless-join-code-1').update(code, 'utf8').digest());
