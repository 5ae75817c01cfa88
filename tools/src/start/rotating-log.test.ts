import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTemporaryFolder } from '../programs/temporary-folder.ts';
import { openRotatingLog } from './rotating-log.ts';

test('keeps the newest lines in bounded files', () => {
  using temporary = createTemporaryFolder('log');
  const folder = temporary.path;
  const log = openRotatingLog(join(folder, 'a.log'), 4);
  for (let line = 0; line < 10; line += 1) log.write(`${line}..\n`);
  log.close();
  expect(readdirSync(folder).toSorted()).toEqual(['a.log', 'a.log.1', 'a.log.2', 'a.log.3']);
  expect(readFileSync(join(folder, 'a.log'), 'utf8')).toBe('9..\n');
});
