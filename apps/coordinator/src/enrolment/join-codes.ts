import { formatJoinCode, hashJoinCode, JOIN_CODE_BYTES, parseJoinCode } from '@cloudless/identity';
import type { Clock, Entropy } from '@cloudless/kernel';
import type { JoinTokenId } from '@cloudless/proto';
import { createThrottle } from '../people/throttle.ts';

/** Wrong codes that one address may try in 15 minutes, and all of them together: 40 bits are no match for five hundred tries. */
const PER_ADDRESS = { windowMs: 15 * 60_000, max: 5 } as const;
const TOGETHER = { windowMs: 15 * 60_000, max: 500 } as const;
const MAX_CODES = 1000;

export type FoundCode =
  | { readonly kind: 'found'; readonly id: JoinTokenId }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'tooMany'; readonly retryAfterMs: number };

/** Codes that people type, each for one join. Memory of this process, under a key of this process. */
export interface JoinCodes {
  /** @returns `ABCD-EFGH` */
  create(id: JoinTokenId, expiresAt: number): string;
  /** Counts a wrong one. @param from the address that tries, or the person */
  find(typed: string, from: string): FoundCode;
  drop(id: JoinTokenId): void;
}

export function createJoinCodes({ clock, entropy }: { readonly clock: Clock; readonly entropy: Entropy }): JoinCodes {
  const key = entropy.bytes(32);
  const codes = new Map<string, { readonly id: JoinTokenId; readonly expiresAt: number }>();
  const tries = createThrottle(clock);
  const wrong = new Map<string, { endsMs: number; count: number }>();

  function isBlocked(from: string, max: number): number {
    const found = wrong.get(from);
    return found && found.endsMs > clock.bootMs() && found.count >= max ? found.endsMs - clock.bootMs() : 0;
  }
  function countWrong(from: string): void {
    const nowMs = clock.bootMs();
    const found = wrong.get(from);
    if (found && found.endsMs > nowMs) found.count += 1;
    else {
      for (const [name, { endsMs }] of wrong) if (endsMs <= nowMs || wrong.size > MAX_CODES) wrong.delete(name);
      wrong.set(from, { endsMs: nowMs + PER_ADDRESS.windowMs, count: 1 });
    }
  }
  /** All live equally long, so that the first is the oldest. One that outlives its time here is not found all the same. */
  function makeRoom(): void {
    for (const [kept, { expiresAt }] of codes) {
      if (expiresAt > clock.now() && codes.size < MAX_CODES) return;
      codes.delete(kept);
    }
  }
  const hash = (plain: string): string => Buffer.from(hashJoinCode(plain, key)).toString('base64');

  return {
    create(id, expiresAt) {
      makeRoom();
      for (;;) {
        const code = formatJoinCode(entropy.bytes(JOIN_CODE_BYTES));
        const hashed = hash(code.replace('-', ''));
        if (codes.has(hashed)) continue;
        codes.set(hashed, { id, expiresAt });
        return code;
      }
    },
    find(typed, from) {
      const blockedMs = isBlocked(from, PER_ADDRESS.max);
      if (blockedMs > 0) return { kind: 'tooMany', retryAfterMs: blockedMs };
      const plain = parseJoinCode(typed);
      const found = plain === undefined ? undefined : codes.get(hash(plain));
      if (found && found.expiresAt > clock.now()) return { kind: 'found', id: found.id };
      countWrong(from);
      const all = tries.consume('all', TOGETHER);
      if (!all.allowed) {
        // Somebody guesses from many addresses: what could be guessed is withdrawn.
        codes.clear();
        return { kind: 'tooMany', retryAfterMs: all.retryAfterMs };
      }
      return { kind: 'wrong' };
    },
    drop(id) {
      for (const [hashed, code] of codes) if (code.id === id) codes.delete(hashed);
    },
  };
}
