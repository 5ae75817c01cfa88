import type { Clock } from '@cloudless/kernel';

export type ThrottleRule = { readonly windowMs: number; readonly max: number };

export interface Throttle {
  /** Counts one try on `key`. `retryAfterMs` is 0 when it is allowed. */
  consume(key: string, rule: ThrottleRule): { readonly allowed: boolean; readonly retryAfterMs: number };
  /** Whether the next try would be refused; counts nothing. */
  isExhausted(key: string, rule: ThrottleRule): boolean;
}

/** Keys kept at most; the oldest window goes first. */
const MAX_KEYS = 10_000;

/** Counts tries in windows that begin with the first try. Memory only: a restart forgives. */
export function createThrottle(clock: Pick<Clock, 'bootMs'>): Throttle {
  const windows = new Map<string, { readonly endsMs: number; count: number }>();

  function makeRoom(nowMs: number): void {
    if (windows.size < MAX_KEYS) return;
    for (const [key, { endsMs }] of windows) if (endsMs <= nowMs) windows.delete(key);
    for (const key of windows.keys()) {
      if (windows.size < MAX_KEYS) return;
      windows.delete(key);
    }
  }

  return {
    isExhausted(key, { max }) {
      const found = windows.get(key);
      return found !== undefined && found.endsMs > clock.bootMs() && found.count >= max;
    },
    consume(key, { windowMs, max }) {
      const nowMs = clock.bootMs();
      const found = windows.get(key);
      if (found && found.endsMs > nowMs) {
        found.count += 1;
        return found.count <= max ? { allowed: true, retryAfterMs: 0 } : { allowed: false, retryAfterMs: found.endsMs - nowMs };
      }
      windows.delete(key);
      makeRoom(nowMs);
      windows.set(key, { endsMs: nowMs + windowMs, count: 1 });
      return { allowed: true, retryAfterMs: 0 };
    },
  };
}
