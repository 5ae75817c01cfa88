import { join } from 'node:path';
import { expect, test } from 'vitest';
import { REPOSITORY } from './programs/repository.ts';
import { runProgram } from './programs/run-program.ts';

test('a cluster without rqlited ends with 2, and says in one line what is missing', async () => {
  const env = { PATH: '', RQLITED: '' };
  const ran = await runProgram([process.execPath, join(REPOSITORY, 'tools/src/cluster.ts'), '--data', '/nonexistent/cluster'], { env });
  expect(ran.exitCode).toBe(2);
  expect(ran.stdout).toBe('');
  expect(ran.output).toMatch(/^cloudless: there is no rqlited: put it on PATH or name it in RQLITED [^\n]*\n$/);
});

test('a cluster whose RQLITED names no program ends with 2, and names it in one line', async () => {
  const env = { RQLITED: '/nonexistent/rqlited' };
  const ran = await runProgram([process.execPath, join(REPOSITORY, 'tools/src/cluster.ts'), '--data', '/nonexistent/cluster'], { env });
  expect(ran.exitCode).toBe(2);
  expect(ran.output).toMatch(/^cloudless: RQLITED names \/nonexistent\/rqlited, and no program [^\n]*\n$/);
});
