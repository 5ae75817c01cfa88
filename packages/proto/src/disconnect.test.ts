import { describe, expect, it } from 'vitest';
import { fencedAfterMs, leaseMsOf } from './disconnect.ts';
import { workloadSpecSchema } from './workload.ts';

const parse = (spec: object) => workloadSpecSchema.safeParse({ image: 'example/web:1', ...spec });
const wrong = (spec: object) => parse(spec).error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`);

describe('the disconnect policy of a spec', () => {
  it('is to replace after a minute, to run on without a coordinator, and to keep what has run longest, unless it says otherwise', () => {
    expect(parse({}).data).toMatchObject({
      exclusive: false,
      disconnect: { lostAfterMs: 60_000, stopAfterMs: 0, replace: true, reconcile: 'longestRunning' },
    });
    expect(parse({ disconnect: { replace: false } }).data?.disconnect).toMatchObject({ replace: false, lostAfterMs: 60_000 });
  });

  it.each([
    [{ disconnect: { lostAfterMs: 999 } }, ['disconnect.lostAfterMs is shorter than 1 s']],
    [{ disconnect: { lostAfterMs: 31 * 86_400_000 } }, ['disconnect.lostAfterMs is longer than 30 days']],
    [{ disconnect: { stopAfterMs: 31 * 86_400_000 } }, ['disconnect.stopAfterMs is longer than 30 days']],
    [{ disconnect: { stopAfterMs: 5000 } }, undefined],
    [
      { disconnect: { stopAfterMs: 5000 }, exclusive: true },
      ['disconnect.stopAfterMs of an exclusive app is its lease: 15 s to 1 h, or 0 for 30 s'],
    ],
    [{ disconnect: { stopAfterMs: 15_000 }, exclusive: true }, undefined],
  ])('%j is answered by %j', (spec, issues) => expect(wrong(spec)).toEqual(issues));
});

it('a lease is stopAfter, or 30 s; and the replica is gone 2 % of drift, its grace and 5 s of a slow kill later', () => {
  const spec = workloadSpecSchema.parse({ image: 'example/web:1', exclusive: true, terminationGraceMs: 1000 });
  expect(leaseMsOf(spec)).toBe(30_000);
  expect(fencedAfterMs(spec)).toBe(30_600 + 1000 + 5000);
});
