/** One check: a program that says by its exit code whether the repository keeps a rule. */
export type CheckStep = {
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  /** What to run when it fails. */
  readonly remedy: string;
};

const QUIET_TURBO = { TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', NEXT_TELEMETRY_DISABLED: '1' };
const FOLDERS = ['apps', 'packages', 'sim', 'e2e', 'bench', 'tools'] as const;

const turbo = (task: string, ...options: readonly string[]): Pick<CheckStep, 'argv' | 'env'> => ({
  argv: ['turbo', 'run', task, '--output-logs=errors-only', '--no-update-notifier', ...options],
  env: QUIET_TURBO,
});

/** What is made from sources and is in no commit. Every other step reads it, so this one always runs: half a second when nothing changed. */
export const GENERATE_STEP: CheckStep = { name: 'generate', ...turbo('generate'), remedy: 'npm ci, when the sources are unchanged' };

/** In this order: the quickest to fail first. */
export const CHECK_STEPS: readonly CheckStep[] = [
  GENERATE_STEP,
  { name: 'format', argv: ['oxfmt', '--list-different', '.'], remedy: 'npm run format' },
  { name: 'lint', argv: ['oxlint', '--type-aware', '--deny-warnings', '--format=unix', ...FOLDERS], remedy: 'each line names its reason' },
  {
    name: 'types',
    ...turbo('typecheck', '--concurrency=2', '--continue=dependencies-successful'),
    remedy: 'npm run check -- types',
  },
  {
    name: 'boundaries',
    argv: ['depcruise', '--output-type', 'err-long', ...FOLDERS],
    remedy: 'the import table stands in ARCHITECTURE.md',
  },
  { name: 'dead-code', argv: ['knip', '--no-progress', '--no-config-hints'], remedy: 'remove what nobody uses, or its export' },
  { name: 'tidy', argv: ['vitest', 'run', '--project', 'tools', 'src/tidy', '--reporter=dot'], remedy: 'the failing test names the rule' },
];
