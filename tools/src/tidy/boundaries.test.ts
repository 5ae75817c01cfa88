import { createRequire } from 'node:module';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { runProgram } from '../programs/run-program.ts';
import { REPOSITORY } from '../programs/repository.ts';
import { plantTree } from './planted-tree.ts';

type Cruised = {
  readonly summary: {
    readonly totalCruised: number;
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];
  };
};

const CONFIG = '.dependency-cruiser.cjs';
const DEPCRUISE = join(REPOSITORY, 'node_modules', '.bin', 'depcruise');
const FOLDERS = ['apps', 'packages', 'sim', 'e2e', 'bench', 'tools'];

async function cruise(cwd: string): Promise<Cruised> {
  const ran = await runProgram([DEPCRUISE, '--config', CONFIG, '--output-type', 'json', ...FOLDERS], { cwd });
  return JSON.parse(ran.stdout) as Cruised;
}

/** A module to import for every layer, and the package each rule about npm is on. */
const TARGETS = {
  ...Object.fromEntries(
    ['kernel', 'proto', 'scheduler', 'identity', 'transport', 'db', 'images', 'sdk', 'ui'].map((name) => [
      `packages/${name}/src/index.ts`,
      'export const a = 1;\n',
    ]),
  ),
  'packages/proto/src/deep.ts': 'export const a = 1;\n',
  'packages/identity/src/ca/index.ts': 'export const a = 1;\n',
  'apps/coordinator/src/api/router.ts': 'export const a = 1;\n',
  'apps/agent/src/index.ts': 'export const a = 1;\n',
  'apps/web/index.ts': 'export const a = 1;\n',
  'sim/src/index.ts': 'export const a = 1;\n',
  'e2e/a.ts': '',
  'bench/a.ts': '',
  'tools/a.ts': '',
  ...Object.fromEntries(
    ['dockerode', 'prisma', 'undici', 'ws', 'better-auth', 'pino'].flatMap((name) => [
      [`node_modules/${name}/package.json`, `{"name":"${name}","version":"1.0.0","main":"index.js"}`],
      [`node_modules/${name}/index.js`, 'module.exports = 1;\n'],
    ]),
  ),
};

/** Rule → the file that breaks it and what it imports. */
const PLANTED: Readonly<Record<string, readonly [from: string, to: string]>> = {
  'kernel-imports-nothing-of-ours': ['packages/kernel/src/planted.ts', '../../proto/src/index.ts'],
  'proto-imports-kernel': ['packages/proto/src/planted.ts', '../../db/src/index.ts'],
  'scheduler-stays-pure': ['packages/scheduler/src/planted.ts', '../../db/src/index.ts'],
  'identity-stays-low': ['packages/identity/src/planted.ts', '../../transport/src/index.ts'],
  'transport-stays-low': ['packages/transport/src/planted.ts', '../../identity/src/index.ts'],
  'images-stay-low': ['packages/images/src/planted.ts', '../../db/src/index.ts'],
  'db-stays-low': ['packages/db/src/planted.ts', '../../scheduler/src/index.ts'],
  'sdk-is-a-thin-client': ['packages/sdk/src/planted.ts', '../../db/src/index.ts'],
  'ui-is-presentation': ['packages/ui/src/planted.ts', '../../sdk/src/index.ts'],
  'coordinator-knows-no-client': ['apps/coordinator/src/planted.ts', '../../../packages/sdk/src/index.ts'],
  'agent-stays-small': ['apps/agent/src/planted.ts', '../../../packages/db/src/index.ts'],
  'web-is-a-client': ['apps/web/planted.ts', '../../packages/scheduler/src/index.ts'],
  'agent-has-no-ca': ['apps/agent/src/planted-ca.ts', '../../../packages/identity/src/ca/index.ts'],
  'coordinator-is-a-program': ['apps/web/planted-router.ts', '../coordinator/src/api/router.ts'],
  'nothing-imports-programs': ['apps/agent/src/planted-sim.ts', '../../../sim/src/index.ts'],
  'public-face-only': ['apps/agent/src/planted-deep.ts', '../../../packages/proto/src/deep.ts'],
  'pure-code-has-no-node': ['packages/scheduler/src/planted-node.ts', 'node:fs'],
  'dockerode-in-runtime': ['apps/agent/src/planted-engine.ts', 'dockerode'],
  'prisma-in-db-sql': ['apps/coordinator/src/planted-prisma.ts', 'prisma'],
  'undici-in-db-sql': ['apps/coordinator/src/planted-undici.ts', 'undici'],
  'ws-in-transport-and-gateway': ['apps/agent/src/planted-ws.ts', 'ws'],
  'better-auth-in-people': ['apps/coordinator/src/planted-auth.ts', 'better-auth'],
  'pino-in-kernel-node': ['apps/agent/src/planted-pino.ts', 'pino'],
  'no-cycles': ['apps/agent/src/planted-circle.ts', './planted-cycle.ts'],
  resolvable: ['apps/agent/src/planted-nowhere.ts', './nowhere.ts'],
};

describe('boundaries', () => {
  let broken: Cruised;
  beforeAll(async () => {
    const planted = Object.fromEntries(
      Object.values(PLANTED).map(([from, to]) => [from, `import { a } from '${to}';\nexport const b = a;\n`]),
    );
    using tree = plantTree(
      { ...TARGETS, ...planted, 'apps/agent/src/planted-cycle.ts': `export { b as a } from './planted-circle.ts';\n` },
      [CONFIG, 'tsconfig.base.json'],
    );
    broken = await cruise(tree.path);
  });

  test('have a planted violation for every rule', () => {
    const { forbidden } = createRequire(import.meta.url)(join(REPOSITORY, CONFIG)) as { forbidden: { name: string; comment: string }[] };
    expect(Object.keys(PLANTED).toSorted()).toEqual(forbidden.map((rule) => rule.name).toSorted());
    expect(forbidden.filter((rule) => rule.comment.length < 20)).toEqual([]);
  });

  test.each(Object.entries(PLANTED))('fire: %s', (rule, [from]) => {
    expect(broken.summary.violations.filter((violation) => violation.from === from).map((violation) => violation.rule.name)).toContain(
      rule,
    );
  });

  test('hold in the repository, of which more than fifty modules are read', { timeout: 60_000 }, async () => {
    const { summary } = await cruise(REPOSITORY);
    expect(summary.totalCruised).toBeGreaterThan(50);
    expect(summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`)).toEqual([]);
  });
});
