import { buildFingerprint } from '@cloudless/proto/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowedSilenceMs, heartbeatMs, noGaps, noteGap, type Gaps } from './allowed-silence.ts';

const WIRED = buildFingerprint();
const WIFI = buildFingerprint({ link: { type: 'wifi' } });
const PHONE = buildFingerprint({ link: { type: 'mobile' } });

describe('the silence that is allowed', () => {
  it.each([
    ['a wire on mains', WIRED, 1500],
    ['a wire on a battery: it may sleep', buildFingerprint({ power: { source: 'battery' } }), 10_000],
    ['Wi-Fi', WIFI, 10_000],
    ['a phone', PHONE, 60_000],
    ['nothing known', undefined, 10_000],
  ])('to %s', (_what, fingerprint, ms) => expect(allowedSilenceMs(fingerprint, noGaps(0))).toBe(ms));

  it('has room for three beats, at least one every 5 s', () => {
    expect([WIRED, WIFI, PHONE].map(heartbeatMs)).toEqual([500, 3333, 5000]);
  });
});

/** What is remembered of signs of life that came so long after each other. */
const heard = (gapsMs: readonly number[], from = { gaps: noGaps(0), atMs: 0 }) =>
  gapsMs.reduce(({ gaps, atMs }, gapMs) => ({ gaps: noteGap(gaps, gapMs, atMs + gapMs), atMs: atMs + gapMs }), from);
const beats = (seconds: number, gapMs = 500): readonly number[] => Array<number>(Math.ceil((seconds * 1000) / gapMs)).fill(gapMs);
const allowed = ({ gaps }: { readonly gaps: Gaps }, beatMs = 500): number => allowedSilenceMs(WIRED, gaps, beatMs);

describe('the silence that is allowed on a wire', () => {
  it('is that of its kind until it was heard for half a minute, and less once it was punctual for that long', () => {
    expect(allowed(heard(beats(29)))).toBe(1500);
    expect(allowed(heard(beats(31)))).toBe(1100);
  });

  it.each([
    ['a late beat', 700, 1400],
    ['beats that come late by half', 750, 1500],
    ['a beat that was missed', 1000, 2000],
    ['a pause', 4000, 3000],
  ])('is twice the longest gap after %s, for half a minute at least, and then what it was', (_what, gapMs, wantedMs) => {
    const late = heard([gapMs], heard(beats(40)));
    expect(allowed(late)).toBe(wantedMs);
    expect(allowed(heard(beats(30), late))).toBe(wantedMs);
    expect(allowed(heard(beats(61), late))).toBe(1100);
  });

  it('is that of its kind again after it was away for longer than is remembered', () => {
    const { gaps, atMs } = heard(beats(60));
    expect(allowed({ gaps: noteGap(gaps, 0, atMs + 60_000) })).toBe(1500);
  });

  it('keeps to how often the device was told to speak, when it is plugged in after that', () => {
    expect(allowed(heard(beats(60, 3333)), heartbeatMs(WIFI))).toBeGreaterThan(3 * 3000);
  });

  it('lets pass any gap that is no longer than twice the longest of the last half minute, whatever came before', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 300 }), (gapsMs) => {
        const { gaps, atMs } = heard(gapsMs);
        let fromMs = atMs;
        const recent = gapsMs.toReversed().filter((gapMs) => (fromMs -= gapMs) >= atMs - 30_000);
        const limitMs = allowed({ gaps });
        expect(limitMs).toBeGreaterThanOrEqual(Math.min(3000, 2 * Math.max(0, ...recent)));
        expect(limitMs).toBeGreaterThanOrEqual(1100);
        expect(limitMs).toBeLessThanOrEqual(3000);
      }),
    );
  });
});
