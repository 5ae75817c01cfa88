import { createSeededEntropy } from '@cloudless/kernel/testing';
import { expect, it } from 'vitest';
import { bulkRetryMs, reconnectDelayMs } from './reconnect-delay.ts';

const entropy = createSeededEntropy(5);
const DEVICES = 1000;

/** How long each of many devices takes to try again once the coordinator is back after `outageMs`. */
function findDelays(outageMs: number): { readonly found: number[]; readonly triesPerSecond: number } {
  let tries = 0;
  const found = Array.from({ length: DEVICES }, () => {
    let at = 0;
    for (let failures = 1; at < outageMs; failures += 1) {
      at += reconnectDelayMs({ outageMs: at, failures, retry: true }, entropy);
      if (at > outageMs - 10_000) tries += 1;
    }
    return at - outageMs;
  });
  return { found: found.toSorted((a, b) => a - b), triesPerSecond: tries / 10 };
}

it('finds a coordinator that was away for 15 minutes: 9 of 10 devices within 1.5 s, all within 2, at a try every 1.25 s each', () => {
  const { found, triesPerSecond } = findDelays(15 * 60_000);
  expect(found[DEVICES * 0.9]).toBeLessThanOrEqual(1500);
  expect(found.at(-1)).toBeLessThanOrEqual(2000);
  expect(triesPerSecond).toBeLessThan(900);
  // Never in step: no tenth of a second in which more than a tenth of all come.
  const most = Math.max(...Array.from({ length: 20 }, (_, index) => found.filter((ms) => Math.floor(ms / 100) === index).length));
  expect(most).toBeLessThan(DEVICES / 10);
});

it('finds one that was away for a minute within a second', () => {
  expect(findDelays(60_000).found.at(-1)).toBeLessThanOrEqual(1000);
});

it('comes back no sooner than it was asked to, and after a refusal for good only now and then', () => {
  expect(reconnectDelayMs({ outageMs: 0, failures: 1, retry: true, retryAfterMs: 3700 }, entropy)).toBe(3700);
  expect(reconnectDelayMs({ outageMs: 0, failures: 1, retry: false }, entropy)).toBe(30_000);
});

it('tries for the bulk path of a link ever less often, within bounds, and never in step with other devices that failed at the same moment', () => {
  const waits = (failures: number) => Array.from({ length: DEVICES }, () => bulkRetryMs({ failures }, entropy)).toSorted((a, b) => a - b);
  for (const [failures, leastMs, mostMs] of [
    [0, 500, 1000],
    [3, 4000, 8000],
    [1000, 15_000, 30_000],
  ] as const) {
    const all = waits(failures);
    expect(all[0]).toBeGreaterThanOrEqual(leastMs);
    expect(all.at(-1)).toBeLessThanOrEqual(mostMs);
    // Of ten equal parts of that time, none has more than a fifth of them.
    const partMs = (mostMs - leastMs) / 10;
    const parts = Array.from(
      { length: 10 },
      (_, part) => all.filter((ms) => Math.min(9, Math.floor((ms - leastMs) / partMs)) === part).length,
    );
    expect(Math.max(...parts)).toBeLessThan(DEVICES / 5);
  }
  expect(bulkRetryMs({ failures: 0, retryAfterMs: 3700 }, entropy)).toBe(3700);
});
