import { withDeadline, type Clock } from '@cloudless/kernel';
import type { Caller } from './people.ts';

/** Callers kept at most; the oldest goes first. */
const MAX_CALLERS = 2_000;
/** How long a caller is believed. What changes rights in this process empties the cache at once. */
const TTL_MS = 10_000;
/** How long it is believed while nobody can be asked: pages go on to be read through an outage of the store, and nothing is written. */
const UNASKED_MS = 15 * 60_000;
/** How long a request waits to hear of a caller that is known: rights change in this process alone, so what was known is as good. */
const PATIENCE_MS = 500;

export interface CallerCache {
  /**
   * The caller under `key`, or what `find` says; nobody is not remembered, so that a new session counts at once. A caller that is known is
   * believed when `find` fails, or takes long: what it finds counts from the next request.
   * @throws what `find` throws, when the caller was not known before
   */
  get(key: string, find: () => Promise<Caller | undefined>): Promise<Caller | undefined>;
  clear(): void;
}

/** Spares the hot path a database read, and a hash, for each request. */
export function createCallerCache(clock: Clock): CallerCache {
  const kept = new Map<string, { readonly caller: Caller; readonly askedMs: number; triedMs: number }>();
  let age = 0;

  async function ask(key: string, find: () => Promise<Caller | undefined>): Promise<Caller | undefined> {
    const askedAtAge = age;
    const caller = await find();
    // An answer from before a `clear` may be of rights that are gone.
    if (askedAtAge !== age) return caller;
    kept.delete(key);
    if (!caller) return undefined;
    if (kept.size >= MAX_CALLERS)
      for (const oldest of kept.keys()) {
        kept.delete(oldest);
        break;
      }
    kept.set(key, { caller, askedMs: clock.bootMs(), triedMs: clock.bootMs() });
    return caller;
  }

  return {
    async get(key, find) {
      const found = kept.get(key);
      if (found && clock.bootMs() - found.triedMs < TTL_MS) return found.caller;
      const asked = ask(key, find);
      if (!found || clock.bootMs() - found.askedMs >= UNASKED_MS) return await asked;
      const askedAtAge = age;
      try {
        return await withDeadline(clock, 'asking about a caller that is known', PATIENCE_MS, () => asked);
      } catch {
        if (askedAtAge !== age) return await asked;
        // Not at each request: a store that is away takes its time to say nothing.
        found.triedMs = clock.bootMs();
        return found.caller;
      }
    },
    clear() {
      age += 1;
      kept.clear();
    },
  };
}
