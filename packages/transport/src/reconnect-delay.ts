import { backoffMs, type Entropy } from '@cloudless/kernel';

/** Reconnects fast, so that a coordinator that restarts is found at once, and never in step with other devices. */
const BACKOFF = { baseMs: 200, maxMs: 1_000, factor: 1.7, jitter: 0.5 } as const;
/** A coordinator that is away for longer is asked less often: every 0.5 to 2 s, so that all devices find it within 2 s, and are let in within 3. */
const LONG_OUTAGE_MS = 5 * 60_000;
const LONG_BACKOFF = { baseMs: 1_000, maxMs: 2_000, factor: 1.3, jitter: 0.75 } as const;
/** The bulk path of a link that stands: its device is served without. The first wait is 0.5 to 1 s, those after the sixth 15 to 30 s. */
const BULK_BACKOFF = { baseMs: 1_000, maxMs: 30_000, factor: 2, jitter: 0.5 } as const;
/** After a refusal that another try will not change. */
const REFUSED_RETRY_MS = 30_000;

export type Tried = {
  /** Since the coordinator was last heard. */
  readonly outageMs: number;
  /** Tries in a row that failed. */
  readonly failures: number;
  /** `false`: only a person can change it. */
  readonly retry: boolean;
  /** The coordinator asked not to come back before. */
  readonly retryAfterMs?: number | undefined;
};

/** How long a device waits before it dials again, in ms. */
export function reconnectDelayMs({ outageMs, failures, retry, retryAfterMs = 0 }: Tried, entropy: Pick<Entropy, 'random'>): number {
  if (!retry) return REFUSED_RETRY_MS;
  return Math.max(retryAfterMs, backoffMs(outageMs > LONG_OUTAGE_MS ? LONG_BACKOFF : BACKOFF, failures, entropy));
}

/**
 * How long a device waits before it tries again to bring the bulk path of a link that stands, in ms. The coordinator asks devices in turn, but what keeps them all
 * from it (a full door, a proxy) fails them all at once.
 *
 * @param tried `failures`: tries in a row that failed before this one
 */
export function bulkRetryMs(
  { failures, retryAfterMs = 0 }: Pick<Tried, 'failures' | 'retryAfterMs'>,
  entropy: Pick<Entropy, 'random'>,
): number {
  return Math.max(retryAfterMs, backoffMs(BULK_BACKOFF, failures, entropy));
}
