import { encodeId, ID_BYTES } from '../encode-id.ts';
import type { Entropy } from '../entropy.ts';

/** Repeatable chance: mulberry32 (Tommy Ettinger, public domain). Not for secrets. */
export function createSeededEntropy(seed: number): Entropy {
  let state = seed >>> 0;
  const random = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const bytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, () => Math.floor(random() * 256));
  return { id: (prefix) => encodeId(prefix, bytes(ID_BYTES)), bytes, random };
}
