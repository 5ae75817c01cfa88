import { releaseLead, renewLead, type LeadOutcome, type SqlDriver } from '@cloudless/db';
import { withDeadline, type Clock, type Entropy, type Logger, type Timer } from '@cloudless/kernel';
import { ID_PREFIX } from '@cloudless/proto';
import { CLOCK_STEP_MS, heldUntil, judgeLease, RENEW_MS, type LeaseState } from './lease.ts';

export type HoldLeaseOptions = {
  readonly driver: SqlDriver;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly token: number;
  /** Boot time at which the takeover was sent. */
  readonly sentMs: number;
};

export interface Lease {
  readonly token: number;
  /** Judged at this moment, so it is right after a freeze too. */
  state(): LeaseState;
  /** Boot time at which the last renewal that succeeded was sent. */
  readonly confirmedMs: number;
  /** The same as wall time, for people. */
  readonly confirmedAt: number;
  /** Why renewals fail; `undefined` while they do not. */
  readonly trouble: string | undefined;
  /** Called when the state's kind may have changed. Returns how to stop. */
  onChange(listener: (state: LeaseState) => void): () => void;
  /** Gives the lead away, once: what is written after it is refused. Resolves either way, within its deadline. */
  stop(): Promise<void>;
}

/** Time in ms since the holder surely led: what it does inside its lease is certain, and nothing beyond. */
export const leaseAgeMs = (lease: Pick<Lease, 'state'>): number => (lease.state().kind === 'held' ? 0 : Infinity);

const REQUEST_MS = 1_000;
const AFTER_FAILURE_MS = 250;
const RELEASED = 'this coordinator gave the lead away';
const REPLACED = 'another coordinator took over';

/** Renews the lease until it is refused, given away or stopped. */
export function holdLease({ driver, clock, entropy, logger, token, sentMs }: HoldLeaseOptions): Lease {
  const stopping = new AbortController();
  const listeners = new Set<(state: LeaseState) => void>();
  let confirmedMs = sentMs;
  let confirmedAt = Math.round(clock.now() - (clock.bootMs() - sentMs));
  let lost: Extract<LeaseState, { kind: 'lost' }> | undefined;
  let trouble: string | undefined;
  let told: LeaseState['kind'] = 'held';
  let runsOut: Timer | undefined;

  const state = (): LeaseState => lost ?? judgeLease(confirmedMs, clock.bootMs());

  function tell(): void {
    const now = state();
    if (now.kind === told) return;
    told = now.kind;
    const event = { op: 'leadership.lease', state: now.kind, token, reason: now.kind === 'lost' ? now.reason : trouble };
    if (now.kind === 'held') logger.info(event);
    else logger.warn(event);
    for (const listener of listeners) listener(now);
  }

  /** The lease runs out by itself: whoever listens hears of it then, not at the next renewal. */
  function watchEnd(): void {
    runsOut?.cancel();
    if (stopping.signal.aborted || lost) return;
    runsOut = clock.setTimer(Math.max(CLOCK_STEP_MS, heldUntil(confirmedMs) - clock.bootMs()), () => {
      tell();
      // A boot clock with coarse steps may be a step behind the timer.
      if (state().kind === 'held') watchEnd();
    });
  }

  async function send(request: typeof renewLead): Promise<LeadOutcome> {
    const asked = { id: entropy.id(ID_PREFIX.batch), deadlineMs: REQUEST_MS };
    // The driver keeps its deadline; this one is for a driver that hangs.
    return withDeadline(clock, 'the renewal of the lease', REQUEST_MS * 2, () => request(driver, token, asked)).catch((cause: unknown) => ({
      kind: 'unanswered',
      reason: cause instanceof Error ? cause.message : String(cause),
    }));
  }

  function lose(reason: string): void {
    lost ??= { kind: 'lost', reason };
    runsOut?.cancel();
    stopping.abort(new Error(reason));
    tell();
  }

  async function keepRenewing(): Promise<void> {
    let nextMs = sentMs + RENEW_MS;
    while (!stopping.signal.aborted) {
      await clock.sleep(Math.max(0, nextMs - clock.bootMs()), stopping.signal).catch(() => undefined);
      if (stopping.signal.aborted) return;
      const [renewalMs, renewalAt] = [clock.bootMs(), clock.now()];
      const outcome = await send(renewLead);
      if (outcome.kind === 'refused') return lose(REPLACED);
      trouble = outcome.kind === 'unanswered' ? outcome.reason : undefined;
      if (outcome.kind === 'done') [confirmedMs, confirmedAt] = [renewalMs, renewalAt];
      nextMs = outcome.kind === 'done' ? renewalMs + RENEW_MS : clock.bootMs() + AFTER_FAILURE_MS;
      watchEnd();
      tell();
    }
  }

  const renewing = keepRenewing();
  watchEnd();

  async function release(): Promise<void> {
    stopping.abort(new Error('stopping'));
    runsOut?.cancel();
    await renewing;
    if (lost) return;
    lost = { kind: 'lost', reason: RELEASED };
    const outcome = await send(releaseLead);
    logger.info({ op: 'leadership.release', outcome: outcome.kind === 'done' ? 'ok' : 'failed', token });
  }

  return {
    token,
    state,
    get confirmedMs() {
      return confirmedMs;
    },
    get confirmedAt() {
      return confirmedAt;
    },
    get trouble() {
      return trouble;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    stop: release,
  };
}
