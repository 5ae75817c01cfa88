import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTemporaryFolder } from '../programs/temporary-folder.ts';
import { REPOSITORY } from '../programs/repository.ts';
import { runProgram } from '../programs/run-program.ts';

test.each([
  ['move-to-rqlite', ['--url', 'http://127.0.0.1:1'], /^There is no cluster in \S+\. [^\n]*\n$/],
  ['restore', ['--from', '/nonexistent.backup'], /^There is no backup \/nonexistent\.backup\.\n$/],
  ['restore', ['--from', '/nonexistent.backup', '--url', ''], /^--url is empty: [^\n]*\n$/],
  ['move-to-rqlite', ['--url', 'mistyped'], /^--url must be one or more http:\/\/ addresses [^\n]*\n$/],
])('%s that is refused leaves no folder behind', async (command, flags, said) => {
  using folder = createTemporaryFolder('store');
  const data = join(folder.path, 'mistyped', 'data');
  const ran = await runProgram([process.execPath, join(REPOSITORY, `tools/src/${command}.ts`), '--data', data, ...flags]);
  expect(ran).toMatchObject({ exitCode: 1, output: expect.stringMatching(said) as string });
  expect(existsSync(join(folder.path, 'mistyped'))).toBe(false);
});
