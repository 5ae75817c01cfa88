import type { LeadSeen } from '@cloudless/db';
import { CLOCK_STEP_MS, SILENCE_MS } from './lease.ts';

/** One linearizable read that succeeded, in boot time of the candidate. */
export type Sighting = { readonly sentMs: number; readonly answeredMs: number; readonly seen: LeadSeen };

/** What a candidate has seen in one piece: reads that all succeeded, and a lead that did not move. */
export type Watch = { readonly last: Sighting; readonly stillMs: number };

/** Why a coordinator may take the lead. */
export type TakeoverCause =
  /** Nobody ever led. */
  | 'vacant'
  /** The leader was stopped, and gave it away. */
  | 'released'
  /** Its process is known to have ended. */
  | 'gone'
  /** Its counter stood still for a lease while the store answered. */
  | 'silent';

export type Candidacy =
  | { readonly kind: 'take'; readonly cause: TakeoverCause }
  | { readonly kind: 'wait'; readonly lookAgainMs: number; readonly stillMs: number };

/** From the answer of one read to sending the next. */
export const POLL_MS = 500;

const isSame = (one: LeadSeen, other: LeadSeen): boolean =>
  one.token === other.token && one.leader?.instance === other.leader?.instance && one.leader?.counter === other.leader?.counter;

/**
 * Pure: adds a read to what was seen. Counted is only the time from the answer of one read to the sending of the next, so a read that
 * hangs adds nothing. After a read that failed, begin anew with `undefined`: a store that was away says nothing about the leader.
 */
export function addSighting(watch: Watch | undefined, next: Sighting): Watch {
  if (!watch || !isSame(watch.last.seen, next.seen)) return { last: next, stillMs: 0 };
  const between = next.sentMs - watch.last.answeredMs - CLOCK_STEP_MS;
  return { last: next, stillMs: watch.stillMs + Math.max(0, between) };
}

/**
 * Pure: whether to take the lead now, and why; else when to look again.
 *
 * @param isGone whether the leader's process is known to have ended. Silence is no such knowledge
 */
export function decideCandidacy({ last: { seen }, stillMs }: Watch, isGone: boolean): Candidacy {
  if (!seen.leader) return { kind: 'take', cause: 'vacant' };
  if (seen.leader.released) return { kind: 'take', cause: 'released' };
  if (isGone) return { kind: 'take', cause: 'gone' };
  if (stillMs >= SILENCE_MS) return { kind: 'take', cause: 'silent' };
  return { kind: 'wait', lookAgainMs: Math.min(POLL_MS, SILENCE_MS - stillMs + CLOCK_STEP_MS), stillMs };
}
