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

/** Of Playwright's JSON report, the tests that took longest: how long in s, and what each is called. */
export function listSlowest(report: unknown, most: number): readonly string[] {
  const found: { readonly seconds: number; readonly name: string }[] = [];
  const visit = (suite: unknown): void => {
    if (!isRecord(suite)) return;
    list(suite['suites']).forEach(visit);
    for (const spec of list(suite['specs'])) {
      if (!isRecord(spec)) continue;
      const results = list(spec['tests']).flatMap((test) => (isRecord(test) ? list(test['results']) : []));
      const ms = results.reduce<number>((total, result) => total + (isRecord(result) ? count(result['duration']) : 0), 0);
      found.push({ seconds: Math.round(ms / 1000), name: `${String(spec['file'])}: ${String(spec['title'])}` });
    }
  };
  if (isRecord(report)) list(report['suites']).forEach(visit);
  const sorted = found.toSorted((one, other) => other.seconds - one.seconds);
  return sorted.slice(0, most).map(({ seconds, name }) => `${String(seconds).padStart(4)} s  ${name}`);
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
