/** What a runner's own report says. `failed` counts everything that did not pass, flaky tests included; `failures` names what has a name. */
export type Tally = { readonly passed: number; readonly failed: number; readonly failures: readonly string[] };

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;
const count = (value: unknown): number => (typeof value === 'number' ? value : 0);
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/**
 * Vitest's JSON report. A file that could not be loaded holds no test, so it counts as one failure.
 */
export function tallyVitest(report: unknown): Tally {
  if (!isRecord(report)) return { passed: 0, failed: 1, failures: [] };
  const files = list(report['testResults']).filter(isRecord);
  const unloaded = files.filter((file) => file['status'] === 'failed' && list(file['assertionResults']).length === 0);
  const failures = files.flatMap((file) =>
    list(file['assertionResults'])
      .filter(isRecord)
      .filter((test) => test['status'] === 'failed')
      .map((test) => nameFailure(file['name'], test['fullName'], list(test['failureMessages'])[0])),
  );
  return {
    passed: count(report['numPassedTests']),
    failed: count(report['numFailedTests']) + unloaded.length,
    failures: [...failures, ...unloaded.map((file) => nameFailure(file['name'], 'could not be loaded', file['message']))],
  };
}

/** One line: the file, the test, and the first line of what was said of it. */
const nameFailure = (file: unknown, test: unknown, message: unknown): string =>
  [file, test, message].map((part) => (typeof part === 'string' ? part.split('\n', 1)[0] : '')).join(': ');

/** Playwright's JSON report. A test that passed only on a second try did not pass. */
export function tallyPlaywright(report: unknown): Tally {
  if (!isRecord(report) || !isRecord(report['stats'])) return { passed: 0, failed: 1, failures: [] };
  const stats = report['stats'];
  const failures = listSpecs(report)
    .filter((spec) => spec['ok'] === false)
    .map((spec) => nameFailure(spec['file'], spec['title'], messageOf(spec)));
  return {
    passed: count(stats['expected']),
    failed: count(stats['unexpected']) + count(stats['flaky']) + list(report['errors']).length,
    failures,
  };
}

/** What the first try that failed was told. */
function messageOf(spec: Readonly<Record<string, unknown>>): unknown {
  const results = list(spec['tests']).flatMap((test) => (isRecord(test) ? list(test['results']) : []));
  const errors = results.map((result) => (isRecord(result) ? result['error'] : undefined));
  return errors.find(isRecord)?.['message'];
}

/** The tests of Playwright's JSON report, which nests them in suites of suites. */
function listSpecs(report: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (!isRecord(report)) return [];
  return [...list(report['suites']).flatMap(listSpecs), ...list(report['specs']).filter(isRecord)];
}

/** Of Playwright's JSON report, the tests that took longest: how long in s, and what each is called. */
export function listSlowest(report: unknown, most: number): readonly string[] {
  const found = listSpecs(report).map((spec) => {
    const results = list(spec['tests']).flatMap((test) => (isRecord(test) ? list(test['results']) : []));
    const ms = results.reduce<number>((total, result) => total + (isRecord(result) ? count(result['duration']) : 0), 0);
    return { seconds: Math.round(ms / 1000), name: `${String(spec['file'])}: ${String(spec['title'])}` };
  });
  const sorted = found.toSorted((one, other) => other.seconds - one.seconds);
  return sorted.slice(0, most).map(({ seconds, name }) => `${String(seconds).padStart(4)} s  ${name}`);
}

/** A runner that ended badly without naming a failed test failed as one, and so did one that ran nothing: neither may read as a pass. */
export function judge(tally: Tally, exitCode: number): Tally {
  const isSilent = tally.failed === 0 && (exitCode !== 0 || tally.passed === 0);
  return isSilent ? { ...tally, failed: 1 } : tally;
}

export function sum(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((total, { passed }) => total + passed, 0),
    failed: tallies.reduce((total, { failed }) => total + failed, 0),
    failures: tallies.flatMap(({ failures }) => failures),
  };
}
