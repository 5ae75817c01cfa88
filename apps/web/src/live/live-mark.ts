import type { LiveState } from './live-state.ts';

/**
 * How current a page is. `stale`: nothing was heard for longer than the coordinator is ever silent, or the socket is gone. `unconfirmed`: the
 * coordinator is heard, but what it says may be of an earlier time, because it cannot confirm that it leads. Instants are the browser's.
 */
export type LiveMark =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'reconnecting'; readonly sinceAt: number }
  | { readonly kind: 'stale'; readonly sinceAt: number; readonly why: 'unreachable' | 'silent' }
  | { readonly kind: 'unconfirmed'; readonly sinceAt: number };

/** The coordinator sends something every 10 s at least. */
const SILENCE_MS = 25_000;
/** A socket that comes back sooner was hardly gone. */
const GONE_MS = 5000;

/** @param now of the browser */
export function judgeLive(state: Pick<LiveState, 'connection' | 'heardAt' | 'staleSince' | 'skewMs'>, now: number): LiveMark {
  const { connection, heardAt, staleSince, skewMs } = state;
  if (heardAt === undefined) return { kind: 'connecting' };
  const silentMs = now - heardAt;
  if (silentMs > SILENCE_MS || (connection !== 'live' && silentMs > GONE_MS))
    return { kind: 'stale', sinceAt: heardAt, why: connection === 'live' ? 'silent' : 'unreachable' };
  if (connection !== 'live') return { kind: 'reconnecting', sinceAt: heardAt };
  return staleSince === undefined ? { kind: 'live' } : { kind: 'unconfirmed', sinceAt: staleSince - skewMs };
}
