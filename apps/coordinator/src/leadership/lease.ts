/** How long a renewal holds. */
export const LEASE_MS = 4_000;
/** From sending one renewal to sending the next. */
export const RENEW_MS = 1_250;
/** Bound on the drift of any two clocks; beyond it nothing is promised. */
export const DRIFT = 0.01;
/** Steps of the coarsest boot clock (`/proc/uptime`). */
export const CLOCK_STEP_MS = 10;

/** What the holder itself may count on, from sending the renewal: less drift, and less what its clock cannot tell. */
export const HELD_MS = LEASE_MS * (1 - DRIFT) - CLOCK_STEP_MS;
/** What a candidate must have seen of a counter that stands still: more by drift. */
export const SILENCE_MS = LEASE_MS * (1 + DRIFT);

export type LeaseState =
  | { readonly kind: 'held'; readonly untilMs: number }
  /** The holder may have been replaced and not know it. */
  | { readonly kind: 'unconfirmed'; readonly sinceMs: number }
  /** It was replaced, or gave the lead away. For ever. */
  | { readonly kind: 'lost'; readonly reason: string };

/** Boot time until which the holder counts itself as such. @param sentMs when the last renewal that succeeded was sent */
export const heldUntil = (sentMs: number): number => sentMs + HELD_MS;

/** Pure: the holder's own count. */
export function judgeLease(sentMs: number, nowMs: number): Exclude<LeaseState, { kind: 'lost' }> {
  const untilMs = heldUntil(sentMs);
  return nowMs < untilMs ? { kind: 'held', untilMs } : { kind: 'unconfirmed', sinceMs: untilMs };
}
