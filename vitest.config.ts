import { defineConfig } from 'vitest/config';

/** One project a workspace, so that `vitest run --project scheduler` runs that one alone. */
const UNIT = [
  ...['agent', 'coordinator', 'web'].map((name) => ({ name, root: `apps/${name}` })),
  ...['db', 'identity', 'images', 'kernel', 'proto', 'scheduler', 'sdk', 'transport', 'ui'].map((name) => ({
    name,
    root: `packages/${name}`,
  })),
  { name: 'tools', root: 'tools' },
  { name: 'bench', root: 'bench' },
];

const project = ({ name, root }: { name: string; root: string }) => ({
  extends: true as const,
  test: { name, root, include: ['src/**/*.test.{ts,tsx}', 'app/**/*.test.{ts,tsx}', 'lib/**/*.test.{ts,tsx}'] },
});

export default defineConfig({
  test: {
    setupFiles: [new URL('tools/src/vitest/fail-on-console.ts', import.meta.url).pathname],
    exclude: ['**/node_modules/**', '**/generated/**', '**/.next/**', '**/dist/**'],
    passWithNoTests: true,
    testTimeout: 15_000,
    maxWorkers: 2,
    projects: [...UNIT.map(project), project({ name: 'sim', root: 'sim' })],
  },
});
