import type { Entropy } from './entropy.ts';

export type BackoffPolicy = {
  readonly baseMs: number;
  readonly maxMs: number;
  /** Growth per attempt; 2 doubles. */
  readonly factor: number;
  /** Share of the delay drawn at random, 0..1; 1 is "full jitter". */
  readonly jitter: number;
};

/**
 * Delay in ms before retry number `attempt` (0 for the first retry).
 * Exponential with jitter after "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
 */
export function backoffMs(policy: BackoffPolicy, attempt: number, entropy: Pick<Entropy, 'random'>): number {
  const exponent = Math.min(attempt, 30);
  const full = Math.min(policy.maxMs, policy.baseMs * policy.factor ** exponent);
  return Math.round(full * (1 - policy.jitter) + full * policy.jitter * entropy.random());
}
