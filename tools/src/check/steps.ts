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

/** In this order: the quickest to fail first. `types` generates the Prisma client before it reads its types. */
export const CHECK_STEPS: readonly CheckStep[] = [
  { name: 'format', argv: ['oxfmt', '--list-different', '.'], remedy: 'npm run format' },
  { name: 'lint', argv: ['oxlint', '--type-aware', '--deny-warnings', '--format=unix', ...FOLDERS], remedy: 'each line names its reason' },
  {
    name: 'types',
    argv: [
      'turbo',
      'run',
      'typecheck',
      '--output-logs=errors-only',
      '--concurrency=2',
      '--continue=dependencies-successful',
      '--no-update-notifier',
    ],
    env: { ...QUIET_TURBO, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath },
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
