import { expect, test } from 'vitest';
import { listSlowest, sum, tallyPlaywright, tallyVitest, judge } from './tally.ts';

test('counts a test file that could not be loaded as a failure', () => {
  const report = {
    numPassedTests: 3,
    numFailedTests: 1,
    testResults: [
      { status: 'failed', assertionResults: [] },
      { status: 'failed', assertionResults: [{}] },
      { status: 'passed', assertionResults: [{}] },
    ],
  };
  expect(tallyVitest(report)).toEqual({ passed: 3, failed: 2 });
});

test('counts flaky journeys and errors outside of tests as failures', () => {
  expect(tallyPlaywright({ stats: { expected: 5, unexpected: 1, flaky: 1, skipped: 2 }, errors: [{}] })).toEqual({ passed: 5, failed: 3 });
});

test('takes an absent report, a bad exit and a run of nothing for failures', () => {
  expect(tallyVitest(undefined)).toEqual({ passed: 0, failed: 1 });
  expect(tallyPlaywright({})).toEqual({ passed: 0, failed: 1 });
  expect(judge({ passed: 4, failed: 0 }, 1)).toEqual({ passed: 4, failed: 1 });
  expect(judge({ passed: 0, failed: 0 }, 0)).toEqual({ passed: 0, failed: 1 });
  expect(judge({ passed: 4, failed: 2 }, 1)).toEqual({ passed: 4, failed: 2 });
});

test('sums over runners', () => {
  expect(
    sum([
      { passed: 1, failed: 0 },
      { passed: 2, failed: 3 },
    ]),
  ).toEqual({ passed: 3, failed: 3 });
});

test('names the slowest journeys', () => {
  const spec = (title: string, ...durations: number[]) => ({
    title,
    file: 'a.spec.ts',
    tests: [{ results: durations.map((duration) => ({ duration })) }],
  });
  const report = { suites: [{ specs: [spec('quick', 900)], suites: [{ specs: [spec('slow', 9000, 2400), spec('middling', 5000)] }] }] };
  expect(listSlowest(report, 2)).toEqual(['  11 s  a.spec.ts: slow', '   5 s  a.spec.ts: middling']);
  expect(listSlowest(undefined, 2)).toEqual([]);
});
