import fc from 'fast-check';
import type { Usage } from '@cloudless/proto';
import { expect, it } from 'vitest';
import { createUsageHistory } from './usage-history.ts';

const KEPT_MS = 15 * 60_000;
const number = fc.double({ min: 0, max: 1e15, noNaN: true });
const sample = fc.record(
  { at: fc.nat(), cpuMillicores: number, memoryBytes: number, storageBytes: number, networkRxBps: number, networkTxBps: number },
  { requiredKeys: ['at', 'cpuMillicores', 'memoryBytes'] },
);

it('gives back what was measured, and nothing that was not, of the last 15 minutes, under the time at which it came', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(sample, fc.nat(KEPT_MS / 4)), { maxLength: 60 }), (steps) => {
      const history = createUsageHistory();
      let expected: Usage[] = [];
      let now = 1_790_000_000_000;
      for (const [usage, afterMs] of steps) {
        now += afterMs;
        history.add(usage, now);
        expected = [...expected.filter(({ at }) => now - at < KEPT_MS), { ...usage, at: now }];
        expect(history.list()).toEqual(expected);
        expect(history.last).toEqual(expected.at(-1));
      }
    }),
  );
});

it('keeps no more than one sample a second of 15 minutes, whatever the device sends', () => {
  const history = createUsageHistory();
  for (let index = 0; index < 2000; index += 1) history.add({ at: 0, cpuMillicores: index, memoryBytes: 0 }, 1_790_000_000_000 + index);
  expect(history.list().map(({ cpuMillicores }) => cpuMillicores)).toEqual(Array.from({ length: 900 }, (_, index) => 1100 + index));
});
