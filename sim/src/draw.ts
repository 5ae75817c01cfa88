import { assert, type Entropy } from '@cloudless/kernel';
import { createSeededEntropy } from '@cloudless/kernel/testing';

/** Seeded choices of one part of the world. Each part has its own, so that a change in one does not shift what another draws. */
export interface Draw {
  /** A whole number, both ends included. */
  between(min: number, max: number): number;
  pick<T>(values: readonly T[]): T;
  happens(share: number): boolean;
  /** A wait in ms, exponential about its mean: events come as they do in the world, now crowded, now sparse. */
  waitMs(meanMs: number): number;
  readonly entropy: Entropy;
}

/** 32-bit FNV-1a over seed and name. */
function mix(seed: number, name: string): number {
  let value = (0x81_1c_9d_c5 ^ seed) >>> 0;
  for (const character of name) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01_00_01_93) >>> 0;
  return value;
}

export function createDraw(seed: number, name: string): Draw {
  const entropy = createSeededEntropy(mix(seed, name));
  const between = (min: number, max: number): number => min + Math.floor(entropy.random() * (max - min + 1));
  return {
    between,
    pick<T>(values: readonly T[]): T {
      const picked = values[between(0, values.length - 1)];
      assert(picked !== undefined, 'something is picked from a list that is not empty');
      return picked;
    },
    happens: (share) => entropy.random() < share,
    waitMs: (meanMs) => Math.min(meanMs * 10, Math.round(-Math.log(1 - entropy.random()) * meanMs)),
    entropy,
  };
}
