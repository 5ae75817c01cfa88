import { randomBytes } from 'node:crypto';
import { encodeId, ID_BYTES } from '../encode-id.ts';
import type { Entropy } from '../entropy.ts';

/** Ids that are drawn from the system at once: a call for each costs ten times what is done with it. Secrets are drawn one by one. */
const IDS_AT_ONCE = 512;
/**
 * How their ids begin is the same: rows that are written together then lie together in the index of ids, where each would otherwise change a page of
 * its own. 15 of 130 bits, because agents name containers by the first 8 characters.
 */
const SHARED_CHARACTERS = 3;

/** Chance from the operating system's generator. */
export function createRealEntropy(): Entropy {
  let drawn = randomBytes(0);
  let used = 0;
  return {
    id(prefix) {
      if (used >= drawn.byteLength) {
        drawn = randomBytes(ID_BYTES * IDS_AT_ONCE);
        used = 0;
      }
      drawn.copyWithin(used, 0, SHARED_CHARACTERS);
      used += ID_BYTES;
      return encodeId(prefix, drawn.subarray(used - ID_BYTES, used));
    },
    bytes: (count) => new Uint8Array(randomBytes(count)),
    random: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  };
}
