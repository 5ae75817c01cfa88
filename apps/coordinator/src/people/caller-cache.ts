import type { Clock } from '@cloudless/kernel';
import type { Caller } from './people.ts';

/** Callers kept at most; the oldest goes first. */
const MAX_CALLERS = 2_000;
/** How long a caller is believed. What changes rights in this process empties the cache at once. */
const TTL_MS = 10_000;

export interface CallerCache {
  /** The caller under `key`, or what `find` says; nobody is not remembered, so that a new session counts at once. */
  get(key: string, find: () => Promise<Caller | undefined>): Promise<Caller | undefined>;
  clear(): void;
}

/** Spares the hot path a database read, and a hash, for each request. */
export function createCallerCache(clock: Pick<Clock, 'bootMs'>): CallerCache {
  const kept = new Map<string, { readonly caller: Caller; readonly untilMs: number }>();
  let age = 0;
  return {
    async get(key, find) {
      const found = kept.get(key);
      if (found && found.untilMs > clock.bootMs()) return found.caller;
      kept.delete(key);
      const askedAtAge = age;
      const caller = await find();
      // An answer from before a `clear` may be of rights that are gone.
      if (caller && askedAtAge === age) {
        if (kept.size >= MAX_CALLERS)
          for (const oldest of kept.keys()) {
            kept.delete(oldest);
            break;
          }
        kept.set(key, { caller, untilMs: clock.bootMs() + TTL_MS });
      }
      return caller;
    },
    clear() {
      age += 1;
      kept.clear();
    },
  };
}
