import type { LeadSeen } from '@cloudless/db';
import { describe, expect, it } from 'vitest';
import { addSighting, decideCandidacy, POLL_MS, type Watch } from './decide-candidacy.ts';
import { CLOCK_STEP_MS, HELD_MS, judgeLease, LEASE_MS, SILENCE_MS } from './lease.ts';

const seenAt = (counter: number, more: { released?: boolean; instance?: string } = {}): LeadSeen => ({
  token: 7,
  leader: { holder: 'attic', instance: 'attic-1', counter, addresses: [], version: '1', released: false, ...more },
});

/** Reads one after the other: each is sent `gapMs` after the answer before, and takes `flightMs`. */
function watchOf(reads: readonly { seen: LeadSeen; gapMs: number; flightMs: number }[]): Watch {
  let atMs = 0;
  let watch: Watch | undefined;
  for (const { seen, gapMs, flightMs } of reads) {
    const sentMs = atMs + gapMs;
    atMs = sentMs + flightMs;
    watch = addSighting(watch, { sentMs, answeredMs: atMs, seen });
  }
  if (!watch) throw new Error('no read');
  return watch;
}
const still = (count: number, gapMs: number, flightMs: number) =>
  watchOf(Array.from({ length: count }, () => ({ seen: seenAt(3), gapMs, flightMs })));

describe('a candidate', () => {
  it('takes a lead that nobody ever had, that was given away, or whose holder is known to be gone', () => {
    const cause = (seen: LeadSeen, isGone = false) => decideCandidacy(watchOf([{ seen, gapMs: 0, flightMs: 1 }]), isGone);
    expect(cause({ token: 1, leader: undefined })).toEqual({ kind: 'take', cause: 'vacant' });
    expect(cause(seenAt(3, { released: true }))).toEqual({ kind: 'take', cause: 'released' });
    expect(cause(seenAt(3), true)).toEqual({ kind: 'take', cause: 'gone' });
    expect(cause(seenAt(3))).toMatchObject({ kind: 'wait', lookAgainMs: POLL_MS, stillMs: 0 });
  });

  it('waits until a counter stood still for a lease and what clocks may drift', () => {
    const gapMs = 500 + CLOCK_STEP_MS;
    expect(decideCandidacy(still(9, gapMs, 1), false)).toMatchObject({ kind: 'wait', stillMs: 4_000 });
    expect(decideCandidacy(still(10, gapMs, 1), false)).toEqual({ kind: 'take', cause: 'silent' });
  });

  it('counts no time in which it waited for an answer: a store that hangs is not a leader that died', () => {
    expect(decideCandidacy(still(20, 100, 5_000), false)).toMatchObject({ kind: 'wait', stillMs: 19 * (100 - CLOCK_STEP_MS) });
  });

  it.each([
    ['the counter moves', seenAt(4)],
    ['another process leads', seenAt(3, { instance: 'cellar-1' })],
    ['the token was raised', { ...seenAt(3), token: 8 }],
  ])('begins anew when %s', (_what, seen) => {
    const before = still(8, 500, 1);
    const moved = addSighting(before, { sentMs: before.last.answeredMs + 500, answeredMs: before.last.answeredMs + 501, seen });
    expect(moved.stillMs).toBe(0);
  });

  it('looks again just when it may take the lead, if that is sooner', () => {
    const watch = { ...still(2, 500, 1), stillMs: SILENCE_MS - 100 };
    expect(decideCandidacy(watch, false)).toMatchObject({ kind: 'wait', lookAgainMs: 100 + CLOCK_STEP_MS });
  });
});

describe('the lease', () => {
  it('is held from sending for a lease less drift, then unconfirmed', () => {
    expect(judgeLease(1000, 1000 + HELD_MS - 1)).toEqual({ kind: 'held', untilMs: 1000 + HELD_MS });
    expect(judgeLease(1000, 1000 + HELD_MS)).toEqual({ kind: 'unconfirmed', sinceMs: 1000 + HELD_MS });
  });

  it('ends by the holder’s slow clock before a candidate’s fast one lets it be taken', () => {
    expect(HELD_MS / 0.99).toBeLessThanOrEqual(LEASE_MS);
    expect(SILENCE_MS / 1.01).toBeGreaterThanOrEqual(LEASE_MS);
  });
});
