import type { Clock } from '@cloudless/kernel';
import type { Caller } from './people.ts';

/** Callers kept at most; the oldest goes first. */
const MAX_CALLERS = 2_000;
/** How long a caller is believed. What changes rights in this process empties the cache at once. */
const TTL_MS = 10_000;
/** How long it is believed while nobody can be asked: pages go on to be read through an outage of the store, and nothing is written. */
const UNASKED_MS = 15 * 60_000;

export interface CallerCache {
  /**
   * The caller under `key`, or what `find` says; nobody is not remembered, so that a new session counts at once.
   * @throws what `find` throws, when the caller was not known before
   */
  get(key: string, find: () => Promise<Caller | undefined>): Promise<Caller | undefined>;
  clear(): void;
}

/** Spares the hot path a database read, and a hash, for each request. */
export function createCallerCache(clock: Pick<Clock, 'bootMs'>): CallerCache {
  const kept = new Map<string, { readonly caller: Caller; readonly askedMs: number; triedMs: number }>();
  let age = 0;
  return {
    async get(key, find) {
      const found = kept.get(key);
      if (found && clock.bootMs() - found.triedMs < TTL_MS) return found.caller;
      const askedAtAge = age;
      let caller: Caller | undefined;
      try {
        caller = await find();
      } catch (cause) {
        if (!found || askedAtAge !== age || clock.bootMs() - found.askedMs >= UNASKED_MS) throw cause;
        // Not at each request: a store that is away takes its time to say nothing.
        found.triedMs = clock.bootMs();
        return found.caller;
      }
      kept.delete(key);
      // An answer from before a `clear` may be of rights that are gone.
      if (caller && askedAtAge === age) {
        if (kept.size >= MAX_CALLERS)
          for (const oldest of kept.keys()) {
            kept.delete(oldest);
            break;
          }
        kept.set(key, { caller, askedMs: clock.bootMs(), triedMs: clock.bootMs() });
      }
      return caller;
    },
    clear() {
      age += 1;
      kept.clear();
    },
  };
}
