import { randomBytes } from 'node:crypto';
import { encodeId, ID_BYTES } from '../encode-id.ts';
import type { Entropy } from '../entropy.ts';

/** Chance from the operating system's generator. */
export function createRealEntropy(): Entropy {
  return {
    id: (prefix) => encodeId(prefix, randomBytes(ID_BYTES)),
    bytes: (count) => new Uint8Array(randomBytes(count)),
    random: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  };
}
