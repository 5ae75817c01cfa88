import { createManualClock } from '@cloudless/kernel/testing';
import { describe, expect, it } from 'vitest';
import { CUT_OFF_MS, isCutOff, watchCutOff } from './cut-off.ts';
import type { LeaseState } from './lease.ts';

const unconfirmed: LeaseState = { kind: 'unconfirmed', sinceMs: 1_000 };
const END = 1_000 + CUT_OFF_MS;

describe('a leader', () => {
  it.each<[string, LeaseState, number | undefined, number, boolean]>([
    ['is alone after a while without the store and without every coordinator that it knew', unconfirmed, 500, END, true],
    ['is not alone while its lease is confirmed', { kind: 'held', untilMs: 99_000 }, 500, END, false],
    ['is not alone while another coordinator attends: the store is away, not this machine', unconfirmed, undefined, END, false],
    ['is not alone before the time is over', unconfirmed, 500, END - 1, false],
    ['is not alone when the last coordinator left just now', unconfirmed, END - 100, END, false],
  ])('%s', (_what, state, aloneSinceMs, nowMs, expected) => expect(isCutOff(state, aloneSinceMs, nowMs)).toBe(expected));

  it('tells it once each time that it begins', async () => {
    const clock = createManualClock(0, 0);
    let state: LeaseState = { kind: 'unconfirmed', sinceMs: 0 };
    let times = 0;
    const watch = watchCutOff({ clock, state: () => state, aloneSinceMs: () => 0, onCutOff: () => (times += 1) });
    await clock.advance(CUT_OFF_MS + 3_000);
    expect([times, watch.isCutOff]).toEqual([1, true]);
    state = { kind: 'held', untilMs: 99_000 };
    await clock.advance(1_000);
    state = { kind: 'unconfirmed', sinceMs: 0 };
    await clock.advance(1_000);
    expect([times, watch.isCutOff]).toEqual([2, true]);
    watch.stop();
    expect(clock.pending).toBe(0);
  });
});
