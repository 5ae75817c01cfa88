import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { takeLock } from './instance-lock.ts';

const lockPath = (): string => join(mkdtempSync(join(tmpdir(), 'cloudless-lock-')), 'lock');

test('names the holder to the second, and is free again after release', () => {
  const path = lockPath();
  const first = takeLock(path);
  expect(takeLock(path)).toEqual({ kind: 'taken', pid: process.pid });
  if (first.kind === 'held') first.release();
  expect(takeLock(path).kind).toBe('held');
});

test('takes over the lock of a program that died, and leaves no other file', () => {
  const path = lockPath();
  writeFileSync(path, '4194304\n1\n');
  expect(takeLock(path).kind).toBe('held');
  expect(readdirSync(join(path, '..'))).toEqual(['lock']);
});
