import { createHash } from 'node:crypto';
import type { Entropy } from '@cloudless/kernel';

/** Douglas Crockford's base32: no I, L, O or U, so that a code survives being read aloud and typed. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const GROUP = 4;

/** A code of so many groups of four characters, five random bits each: `7K3M-Q0ZD-…`. */
export function createCode(groups: number, entropy: Pick<Entropy, 'bytes'>): string {
  const characters = [...entropy.bytes(groups * GROUP)].map((byte) => ALPHABET.charAt(byte & 31)).join('');
  return characters.match(/.{4}/g)?.join('-') ?? '';
}

/** What was typed as it was meant: case, hyphens and spaces do not count, and look-alikes are read as Crockford says. */
export const normaliseCode = (typed: string): string =>
  typed.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');

export type CodePurpose = 'claim' | 'recovery';

/** What is stored of a code. It has at least 60 random bits, so a plain hash cannot be searched in the time that it lives. */
export const hashCode = (typed: string, purpose: CodePurpose): string =>
  createHash('sha256')
    .update(`cloudless ${purpose} ${normaliseCode(typed)}`)
    .digest('hex');
