import type { LendingRule } from '@cloudless/proto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWithin, judgeLending, minutesToNextBoundary, type LendingFacts } from './judge-lending.ts';

const FACTS: LendingFacts = {
  power: { source: 'mains' },
  link: { type: 'wired' },
  local: { weekday: 3, minute: 12 * 60 },
};
const codes = (rule: LendingRule, facts: Partial<LendingFacts> = {}): string[] => {
  const verdict = judgeLending(rule, { ...FACTS, ...facts });
  return verdict.state === 'lending' ? [] : verdict.causes.map(({ code }) => code);
};
const NIGHT = { days: [1, 2, 3, 4, 5], fromMinute: 22 * 60, untilMinute: 7 * 60 };

describe('a lending rule', () => {
  it.each<[string, LendingRule, Partial<LendingFacts>, string[]]>([
    ['that is empty lends', {}, {}, []],
    ['that is paused withholds, whatever else holds', { pausedAt: 1 }, {}, ['paused']],
    ['for mains withholds on battery', { mainsOnly: true }, { power: { source: 'battery', batteryPercent: 90 } }, ['mains']],
    ['for mains lends where there is no supply to see', { mainsOnly: true }, { power: { source: 'unknown' } }, []],
    ['with a charge withholds below it', { batteryAtLeastPercent: 50 }, { power: { source: 'battery', batteryPercent: 49 } }, ['battery']],
    ['with a charge lends on mains at any charge', { batteryAtLeastPercent: 50 }, { power: { source: 'mains', batteryPercent: 3 } }, []],
    ['for unmetered networks withholds on a mobile one', { unmeteredOnly: true }, { link: { type: 'mobile' } }, ['metered']],
    [
      'for unmetered networks lends on a mobile one that says so',
      { unmeteredOnly: true },
      { link: { type: 'mobile', metered: false } },
      [],
    ],
    ['for named networks withholds on one without a name', { networks: ['home'] }, { link: { type: 'wifi' } }, ['network']],
    ['for named networks lends on them', { networks: ['home'] }, { link: { type: 'wifi', name: 'home' } }, []],
    ['for idle times withholds while it is used', { idleMinutes: 10 }, { idleMs: 60_000 }, ['idle']],
    ['for idle times lends where the system does not tell', { idleMinutes: 10 }, {}, []],
    ['for the night withholds at noon', { hours: [NIGHT] }, {}, ['hours']],
    ['names every condition that does not hold', { pausedAt: 1, mainsOnly: true }, { power: { source: 'battery' } }, ['paused', 'mains']],
  ])('%s', (_name, rule, facts, expected) => expect(codes(rule, facts)).toEqual(expected));

  it('runs a night past midnight, into the day after the last', () => {
    expect(isWithin(NIGHT, { weekday: 5, minute: 23 * 60 })).toBe(true);
    expect(isWithin(NIGHT, { weekday: 6, minute: 6 * 60 })).toBe(true);
    expect(isWithin(NIGHT, { weekday: 6, minute: 23 * 60 })).toBe(false);
    expect(isWithin(NIGHT, { weekday: 1, minute: 6 * 60 })).toBe(false);
  });

  it('holds still between two boundaries', () => {
    const hours = fc.record({
      days: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      fromMinute: fc.integer({ min: 0, max: 1439 }),
      untilMinute: fc.integer({ min: 0, max: 1440 }),
    });
    fc.assert(
      fc.property(hours, fc.integer({ min: 1, max: 7 }), fc.integer({ min: 0, max: 1439 }), (window, weekday, minute) => {
        const until = minutesToNextBoundary([window], minute);
        expect(until).toBeGreaterThan(0);
        const now = isWithin(window, { weekday, minute });
        for (let later = 1; later < until; later += 1) expect(isWithin(window, { weekday, minute: minute + later })).toBe(now);
      }),
      { numRuns: 200 },
    );
  });
});
