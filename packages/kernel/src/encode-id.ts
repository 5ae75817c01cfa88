const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** `<prefix>_` and one base32 character (RFC 4648, lowercase) per byte of `bytes`, each from its low five bits. */
export function encodeId(prefix: string, bytes: Uint8Array): string {
  let text = `${prefix}_`;
  for (const byte of bytes) text += ALPHABET.charAt(byte & 31);
  return text;
}

/** Bytes that an id draws: 26 characters of five bits, 130 bits. */
export const ID_BYTES = 26;
