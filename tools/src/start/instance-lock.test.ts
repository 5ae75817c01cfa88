import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTemporaryFolder } from '../programs/temporary-folder.ts';
import { takeLock } from './instance-lock.ts';

test('names the holder to the second, and is free again after release', () => {
  using folder = createTemporaryFolder('lock');
  const path = join(folder.path, 'lock');
  const first = takeLock(path);
  expect(takeLock(path)).toEqual({ kind: 'taken', pid: process.pid });
  if (first.kind === 'held') first.release();
  expect(takeLock(path).kind).toBe('held');
});

test('takes over the lock of a program that died, and leaves no other file', () => {
  using folder = createTemporaryFolder('lock');
  const path = join(folder.path, 'lock');
  writeFileSync(path, '4194304\n1\n');
  expect(takeLock(path).kind).toBe('held');
  expect(readdirSync(folder.path)).toEqual(['lock']);
});
