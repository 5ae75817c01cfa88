import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { checkPort, freePort } from './listen-check.ts';
import { pidFileText, runningPid } from './pid-file.ts';

test('finds the program that wrote the file', () => {
  expect(runningPid(pidFileText(process.pid))).toBe(process.pid);
});

test.skipIf(process.platform !== 'linux')('is not fooled by a pid that was given out again', () => {
  expect(runningPid(`${process.pid}\n1\n`)).toBeUndefined();
});

test('finds nothing in a damaged file or behind a dead pid', () => {
  expect(runningPid('')).toBeUndefined();
  expect(runningPid('-1\n')).toBeUndefined();
  expect(runningPid('4194304\n1\n')).toBeUndefined();
});

const LISTENS = "require('node:http').createServer().listen(Number(process.argv[1]), '127.0.0.1', () => console.log('listens'))";

test('a program has ended once its port can be had', async () => {
  for (let turn = 0; turn < 5; turn += 1) {
    const port = await freePort();
    const child = spawn(process.execPath, ['-e', LISTENS, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    const file = pidFileText(child.pid ?? 0);
    child.kill('SIGTERM');
    await expect.poll(() => runningPid(file), { interval: 0, timeout: 10_000 }).toBeUndefined();
    expect(await checkPort('127.0.0.1', port)).toBeUndefined();
  }
});
