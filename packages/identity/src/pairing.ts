import { createHash } from 'node:crypto';
import { wordlist } from '@scure/bip39/wordlists/english.js';

/** Bytes of each end's nonce. */
export const PAIR_NONCE_BYTES = 32;
/** Words that a person compares: 11 bits each. */
const WORDS = 4;
const BITS_OF_A_WORD = 11;

/** What both ends know when a pairing is done honestly; nonces and hashes in base64url. */
export type PairTranscript = {
  /** `hashCertificateKey` of the device CA that the device was shown, or that the coordinator has. */
  readonly caHash: string;
  /** The device's request, PEM, byte for byte. */
  readonly csr: string;
  readonly deviceNonce: string;
  readonly coordinatorNonce: string;
};

const sha256 = (parts: readonly string[]): Buffer => {
  const hash = createHash('sha256');
  // Lengths first: no two lists of parts may read the same.
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part, 'utf8');
  return hash.digest();
};

/** What the device sends before it hears the coordinator's nonce: it cannot choose its key by what the words will be. Base64url. */
export const commitTo = ({ csr, deviceNonce }: Pick<PairTranscript, 'csr' | 'deviceNonce'>): string =>
  sha256(['cloudless-pair-commit-1', deviceNonce, csr]).toString('base64url');

/**
 * The four words that both screens show: a short authentication string over both keys (ZRTP, RFC 6189 §4.4.1.4; Vaudenay, Crypto 2005).
 * Somebody between the two, who shows each another key, is right by chance once in 2⁴⁴ tries, and each try is seen by a person.
 */
export function wordsOf({ caHash, csr, deviceNonce, coordinatorNonce }: PairTranscript): readonly [string, string, string, string] {
  const bits = sha256(['cloudless-pair-words-1', caHash, csr, deviceNonce, coordinatorNonce]).readBigUInt64BE();
  const word = (index: number): string => {
    const shift = BigInt(64 - BITS_OF_A_WORD * (index + 1));
    return wordlist[Number((bits >> shift) & 0x7ffn)] ?? '';
  };
  return [word(0), word(1), word(2), word(WORDS - 1)];
}
