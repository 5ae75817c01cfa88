import { expect, test } from 'vitest';
import { runProgram } from './run-program.ts';

test('a program that a signal ended is told by 128 and the signal, as a shell does', async () => {
  const { exitCode } = await runProgram([process.execPath, '-e', "process.kill(process.pid, 'SIGKILL')"]);
  expect(exitCode).toBe(137);
});
