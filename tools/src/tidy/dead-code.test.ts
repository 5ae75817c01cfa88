import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from '../programs/run-program.ts';
import { REPOSITORY } from '../programs/repository.ts';
import { plantTree } from './planted-tree.ts';

test('the dead-code check fires on an unused file, export and dependency', { timeout: 60_000 }, async () => {
  const manifest = (name: string, more: object): string =>
    JSON.stringify({ name, version: '1.0.0', private: true, type: 'module', ...more });
  using tree = plantTree(
    {
      'package.json': manifest('planted', { workspaces: ['packages/*'] }),
      'packages/x/package.json': manifest('x', { exports: { '.': './src/index.ts' }, dependencies: { 'left-pad': '1.0.0' } }),
      'packages/x/src/index.ts': "export { used } from './part.ts';\n",
      'packages/x/src/part.ts': 'export const used = 1;\nexport const forgotten = 2;\n',
      'packages/x/src/orphan.ts': 'export const orphan = 3;\n',
    },
    ['knip.json'],
  );
  const ran = await runProgram([join(REPOSITORY, 'node_modules', '.bin', 'knip'), '--no-progress', '--no-config-hints'], {
    cwd: tree.path,
  });
  expect(ran.exitCode).not.toBe(0);
  for (const found of ['orphan.ts', 'forgotten', 'left-pad']) expect(ran.output).toContain(found);
});
