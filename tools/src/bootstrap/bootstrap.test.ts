import { copyFileSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { REPOSITORY } from '../programs/repository.ts';
import { runProgram } from '../programs/run-program.ts';
import { FLAGS } from '../start/options.ts';

const TOOLS = join(REPOSITORY, 'tools');
const { HELP } = (await import(join(TOOLS, 'help.mjs'))) as { readonly HELP: Readonly<Record<string, string>> };
const { isInstallOf } = (await import(join(TOOLS, 'install-state.mjs'))) as {
  isInstallOf(lock: object, installed: object | undefined, platform: object): boolean;
};

test('every command says what it is, and no other does', () => {
  const commands = readdirSync(join(TOOLS, 'src')).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  expect(Object.keys(HELP).toSorted()).toEqual(commands.map((file) => file.slice(0, -3)).toSorted());
});

test('every flag of npm start stands in its help', () => {
  expect(Object.keys(FLAGS).filter((flag) => !HELP['start']?.includes(`--${flag} `))).toEqual([]);
});

test('help comes from a checkout in which nothing is installed', async () => {
  const checkout = mkdtempSync(join(tmpdir(), 'cloudless-checkout-'));
  mkdirSync(join(checkout, 'tools'));
  for (const file of readdirSync(TOOLS).filter((name) => name.endsWith('.mjs')))
    copyFileSync(join(TOOLS, file), join(checkout, 'tools', file));
  const help = (...argv: string[]) => runProgram([process.execPath, join(checkout, 'tools', 'bootstrap.mjs'), ...argv]);
  expect(await help('backup', '--help')).toMatchObject({ exitCode: 0, stdout: `${HELP['backup']}\n` });
  expect(await help('start', '-h')).toMatchObject({ exitCode: 0, stdout: `${HELP['start']}\n` });
  expect(await help('toString', '--help')).toMatchObject({
    exitCode: 1,
    output: expect.stringContaining('there is no command "toString"') as string,
  });
});

const one = { version: '1.0.0', integrity: 'sha512-one' };
const lock = {
  '': { version: '0.1.0' },
  'node_modules/one': one,
  'node_modules/here': { ...one, optional: true, os: ['linux'], cpu: ['x64'], libc: 'glibc' },
  'node_modules/there': { ...one, optional: true, os: ['darwin'], cpu: ['arm64'] },
  'node_modules/not-there': { ...one, optional: true, cpu: ['!x64'] },
  'node_modules/of-there': { ...one, optional: true },
};
const whole = { 'node_modules/one': one, 'node_modules/here': one };
const platform = { os: 'linux', cpu: 'x64', libc: 'glibc' };

test('an install that another called npm for is taken as it is', () => {
  expect(isInstallOf(lock, whole, platform)).toBe(true);
  expect(isInstallOf(lock, { 'node_modules/one': one }, { ...platform, libc: 'musl' })).toBe(true);
});

test.each([
  ['no install', undefined],
  ['a package that is missing', { 'node_modules/here': one }],
  ['a package of this platform that is missing', { 'node_modules/one': one }],
  ['another version', { ...whole, 'node_modules/one': { ...one, version: '1.0.1' } }],
  ['another content', { ...whole, 'node_modules/one': { ...one, integrity: 'sha512-two' } }],
  ['a package that the lockfile does not have', { ...whole, 'node_modules/two': one }],
])('%s is installed anew', (_, installed) => {
  expect(isInstallOf(lock, installed, platform)).toBe(false);
});
