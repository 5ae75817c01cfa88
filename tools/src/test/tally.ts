/** What a runner's own report says. `failed` counts everything that did not pass, flaky tests included. */
export type Tally = { readonly passed: number; readonly failed: number };

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;
const count = (value: unknown): number => (typeof value === 'number' ? value : 0);
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/**
 * Vitest's JSON report. A file that could not be loaded holds no test, so it counts as one failure.
 */
export function tallyVitest(report: unknown): Tally {
  if (!isRecord(report)) return { passed: 0, failed: 1 };
  const unloaded = list(report['testResults']).filter(
    (file) => isRecord(file) && file['status'] === 'failed' && list(file['assertionResults']).length === 0,
  );
  return { passed: count(report['numPassedTests']), failed: count(report['numFailedTests']) + unloaded.length };
}

/** Playwright's JSON report. A test that passed only on a second try did not pass. */
export function tallyPlaywright(report: unknown): Tally {
  if (!isRecord(report) || !isRecord(report['stats'])) return { passed: 0, failed: 1 };
  const stats = report['stats'];
  return { passed: count(stats['expected']), failed: count(stats['unexpected']) + count(stats['flaky']) + list(report['errors']).length };
}

/** A runner that ended badly without naming a failed test failed as one, and so did one that ran nothing: neither may read as a pass. */
export function judge(tally: Tally, exitCode: number): Tally {
  const isSilent = tally.failed === 0 && (exitCode !== 0 || tally.passed === 0);
  return isSilent ? { ...tally, failed: 1 } : tally;
}

export function sum(tallies: readonly Tally[]): Tally {
  return tallies.reduce((total, { passed, failed }) => ({ passed: total.passed + passed, failed: total.failed + failed }), {
    passed: 0,
    failed: 0,
  });
}
