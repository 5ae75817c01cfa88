import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { runProgram } from '../programs/run-program.ts';
import { REPOSITORY } from '../programs/repository.ts';
import { plantTree } from './planted-tree.ts';

/** One line for each ban; the name of the file is the number of the line. */
const BANNED: readonly (readonly [rule: string, line: string])[] = [
  ['no-restricted-globals', 'export const a = new Date();'],
  ['no-restricted-globals', 'const D = Date; export const a = D.now();'],
  ['no-restricted-globals', 'setTimeout(() => undefined, 1);'],
  ['no-restricted-globals', 'setInterval(() => undefined, 1);'],
  ['no-restricted-globals', 'export const a = performance.now();'],
  ['no-restricted-globals', 'export const a = crypto.randomUUID();'],
  ['no-restricted-globals', 'export const a = globalThis;'],
  ['no-restricted-properties', 'export const a = Math.random();'],
  ['no-restricted-properties', "export const a = process.env['A'];"],
  ['no-restricted-imports', "export { randomBytes } from 'node:crypto';"],
  ['no-restricted-imports', "import { setTimeout as later } from 'node:timers/promises'; export const a = later;"],
  ['no-restricted-imports', "import { env } from 'node:process'; export const a = env;"],
  ['no-console', "console.log('x');"],
  ['no-explicit-any', 'export const a = (b: any): void => void b;'],
  ['no-non-null-assertion', 'export const a = (b?: string): string => b!;'],
  ['consistent-type-imports', "import { Ran } from './0.ts'; export const a = (b: Ran): Ran => b;"],
  ['no-floating-promises', 'const f = async (): Promise<void> => undefined; f(); export const a = f;'],
  ['switch-exhaustiveness-check', "export function f(a: 'x' | 'y'): void { switch (a) { case 'x': return; } }"],
];

describe('lint bans', () => {
  let output = '';
  beforeAll(async () => {
    const files = Object.fromEntries(BANNED.map(([, line], index) => [`packages/scheduler/src/${index}.ts`, `${line}\n`]));
    const tsconfig =
      '{"compilerOptions":{"strict":true,"target":"ES2024","module":"NodeNext","allowImportingTsExtensions":true,"noEmit":true},"include":["packages"]}';
    using tree = plantTree({ ...files, 'tsconfig.json': tsconfig }, ['.oxlintrc.json']);
    const ran = await runProgram([join(REPOSITORY, 'node_modules', '.bin', 'oxlint'), '--type-aware', '--format=unix', 'packages'], {
      cwd: tree.path,
    });
    output = ran.output;
  });

  test.each(BANNED.map(([rule, line], index) => [rule, line, index] as const))('fire: %s on %s', (rule, _line, index) => {
    const lines = output.split('\n').filter((text) => text.includes(`/${index}.ts:`));
    expect(lines.join('\n')).toContain(rule);
  });
});
