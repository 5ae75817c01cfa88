import { expect, test } from 'vitest';
import { listSlowest, sum, tallyPlaywright, tallyVitest, judge } from './tally.ts';

test('counts a test file that could not be loaded as a failure', () => {
  const report = {
    numPassedTests: 3,
    numFailedTests: 1,
    testResults: [
      { name: 'a.test.ts', status: 'failed', message: 'SyntaxError: no\nat line 3', assertionResults: [] },
      {
        name: 'b.test.ts',
        status: 'failed',
        assertionResults: [{ status: 'failed', fullName: 'adds', failureMessages: ['expected 2\nnot 3'] }, { status: 'passed' }],
      },
      { status: 'passed', assertionResults: [{}] },
    ],
  };
  expect(tallyVitest(report)).toEqual({
    passed: 3,
    failed: 2,
    failures: ['b.test.ts: adds: expected 2', 'a.test.ts: could not be loaded: SyntaxError: no'],
  });
});

test('counts flaky journeys and errors outside of tests as failures', () => {
  const spec = (title: string, ok: boolean, message?: string) => ({
    title,
    file: 'a.spec.ts',
    ok,
    tests: [{ results: [message === undefined ? {} : { error: { message } }] }],
  });
  const suites = [{ specs: [spec('opens', true)], suites: [{ specs: [spec('closes', false, 'Error: timed out\nat 4')] }] }];
  const stats = { expected: 5, unexpected: 1, flaky: 1, skipped: 2 };
  expect(tallyPlaywright({ suites, stats, errors: [{}] })).toEqual({
    passed: 5,
    failed: 3,
    failures: ['a.spec.ts: closes: Error: timed out'],
  });
});

test('takes an absent report, a bad exit and a run of nothing for failures', () => {
  const tally = (passed: number, failed: number) => ({ passed, failed, failures: [] });
  expect(tallyVitest(undefined)).toEqual(tally(0, 1));
  expect(tallyPlaywright({})).toEqual(tally(0, 1));
  expect(judge(tally(4, 0), 1)).toEqual(tally(4, 1));
  expect(judge(tally(0, 0), 0)).toEqual(tally(0, 1));
  expect(judge(tally(4, 2), 1)).toEqual(tally(4, 2));
});

test('sums over runners', () => {
  expect(
    sum([
      { passed: 1, failed: 0, failures: [] },
      { passed: 2, failed: 3, failures: ['one that failed'] },
    ]),
  ).toEqual({ passed: 3, failed: 3, failures: ['one that failed'] });
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
