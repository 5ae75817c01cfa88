import { readLead, releaseLead, takeLead, type LeadClaim, type LeaderRow, type LeadSeen, type SqlDriver } from '@cloudless/db';
import { withDeadline, type Clock, type Entropy, type Logger } from '@cloudless/kernel';
import { ID_PREFIX } from '@cloudless/proto';
import { addSighting, decideCandidacy, type Sighting, type TakeoverCause, type Watch } from './decide-candidacy.ts';
import { RENEW_MS } from './lease.ts';
import type { ProveGone } from './prove-gone.ts';

export type CampaignOptions = {
  readonly driver: SqlDriver;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly proveGone: ProveGone;
  readonly claim: LeadClaim;
  /** Who leads as last seen, `undefined` when the store did not answer; for a standby to follow. */
  readonly onSeen?: (seen: LeadSeen | undefined) => void;
};

export type Won = {
  readonly token: number;
  /** Boot time at which the takeover was sent: the lease counts from there. */
  readonly sentMs: number;
  readonly cause: TakeoverCause;
  /** Who led before. */
  readonly before: LeaderRow | undefined;
};

const READ_MS = 2_000;
const TAKE_MS = 2_000;
const PROOF_MS = 800;
const AFTER_FAILURE_MS = 250;
/** A leader renews by then. Before it, only a hint is worth a question. */
const LATE_MS = RENEW_MS * 1.5;

/**
 * Watches the lead and takes it when it is free; see `decideCandidacy`. Standing by costs two reads a second. Who is stopped while it takes the
 * lead gives it back, within four seconds.
 *
 * @returns once this process holds the lead
 * @throws the signal's reason when it aborts first
 */
export async function campaign(options: CampaignOptions, signal: AbortSignal): Promise<Won> {
  const { driver, clock, entropy, logger, proveGone, claim } = options;
  let watch: Watch | undefined;
  /** Processes never come back. */
  let gone: string | undefined;
  let asked: string | undefined;
  let isHinted = false;
  let isAway = false;
  let attempt: { readonly sentMs: number; readonly cause: TakeoverCause; readonly before: LeaderRow | undefined } | undefined;
  let wake = (): void => undefined;
  const stopHints = proveGone.onHint(() => {
    isHinted = true;
    wake();
  });

  /** Ends early for a hint that comes meanwhile. */
  async function pause(delayMs: number): Promise<void> {
    const woken = new AbortController();
    wake = () => woken.abort();
    await clock.sleep(delayMs, AbortSignal.any([signal, woken.signal])).catch(() => undefined);
    signal.throwIfAborted();
  }

  async function look(): Promise<Sighting | undefined> {
    const sentMs = clock.bootMs();
    try {
      const seen = await withDeadline(clock, 'reading who leads', READ_MS, (inner) => readLead(driver, inner), signal);
      if (isAway) logger.info({ op: 'leadership.look', outcome: 'ok' });
      isAway = false;
      return seen && { sentMs, answeredMs: clock.bootMs(), seen };
    } catch (cause) {
      signal.throwIfAborted();
      if (!isAway) logger.warn({ op: 'leadership.look', outcome: 'failed' }, cause);
      isAway = true;
      return undefined;
    }
  }

  /** Asks when there is a reason to, and once for each leader that is met. */
  async function isKnownGone(leader: LeaderRow, stillMs: number): Promise<boolean> {
    if (gone === leader.instance) return true;
    // An earlier process of this coordinator: a data folder has one at a time.
    if (leader.holder === claim.holder) return leader.instance !== claim.instance;
    if (!isHinted && asked === leader.instance && stillMs < LATE_MS) return false;
    isHinted = false;
    asked = leader.instance;
    const isGone = await withDeadline(
      clock,
      'asking whether the leader is gone',
      PROOF_MS,
      (inner) => proveGone.isGone(leader, inner),
      signal,
    )
      // An answer that did not come is no proof.
      .catch(() => false);
    signal.throwIfAborted();
    if (isGone) gone = leader.instance;
    return isGone;
  }

  async function take(seen: LeadSeen, cause: TakeoverCause): Promise<void> {
    attempt = { sentMs: clock.bootMs(), cause, before: seen.leader };
    const outcome = await takeLead(driver, seen, claim, { id: entropy.id(ID_PREFIX.batch), deadlineMs: TAKE_MS });
    const reason = outcome.kind === 'unanswered' ? outcome.reason : undefined;
    logger.info({ op: 'leadership.take', outcome: outcome.kind === 'done' ? 'ok' : 'failed', cause, token: seen.token + 1, reason });
    if (outcome.kind === 'refused') attempt = undefined;
    if (outcome.kind === 'unanswered') await pause(AFTER_FAILURE_MS);
  }

  /** The others would wait for a renewal that never comes. An attempt that happens after this look is theirs to outwait. */
  async function giveBack(): Promise<void> {
    const seen = await withDeadline(clock, 'reading who leads', READ_MS, (inner) => readLead(driver, inner));
    if (seen?.leader?.instance !== claim.instance || seen.leader.released) return;
    const { kind } = await releaseLead(driver, seen.token, { id: entropy.id(ID_PREFIX.batch), deadlineMs: TAKE_MS });
    logger.info({ op: 'leadership.giveBack', outcome: kind === 'done' ? 'ok' : 'failed', token: seen.token });
  }

  try {
    for (;;) {
      signal.throwIfAborted();
      const sighting = await look();
      options.onSeen?.(sighting?.seen);
      if (!sighting) {
        watch = undefined;
        await pause(AFTER_FAILURE_MS);
        continue;
      }
      const { seen } = sighting;
      // Also when the answer to an attempt was lost, and it happened late.
      if (attempt && seen.leader?.instance === claim.instance) return { ...attempt, token: seen.token };
      watch = addSighting(watch, sighting);
      const isGone = seen.leader !== undefined && !seen.leader.released && (await isKnownGone(seen.leader, watch.stillMs));
      const decision = decideCandidacy(watch, isGone);
      if (decision.kind === 'take') await take(seen, decision.cause);
      else if (!isHinted) await pause(decision.lookAgainMs);
    }
  } catch (cause) {
    if (attempt)
      await giveBack().catch((failure: unknown) => logger.warn({ op: 'leadership.giveBack', outcome: 'failed', reason: String(failure) }));
    throw cause;
  } finally {
    stopHints();
  }
}
