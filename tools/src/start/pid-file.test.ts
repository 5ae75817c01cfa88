import { expect, test } from 'vitest';
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
