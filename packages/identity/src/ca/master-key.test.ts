import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRealEntropy } from '@cloudless/kernel/node';
import { afterEach, describe, expect, it } from 'vitest';
import { createKeyWrap, readMasterKey } from './index.ts';

const entropy = createRealEntropy();
const folders: string[] = [];
const createFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'cloudless-key-'));
  folders.push(folder);
  return folder;
};
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

describe('the master key', () => {
  it('is made once, for the owner only, and stays', async () => {
    const file = join(await createFolder(), 'master.key');
    const first = await readMasterKey(file, entropy);
    expect(await readMasterKey(file, entropy)).toEqual(first);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('is one for many that start at once, and nothing is left beside it', async () => {
    const folder = await createFolder();
    const keys = await Promise.all(Array.from({ length: 8 }, () => readMasterKey(join(folder, 'master.key'), entropy)));
    expect(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size).toBe(1);
    expect(await readdir(folder)).toEqual(['master.key']);
  });

  it('is never replaced when the file holds something else', async () => {
    const file = join(await createFolder(), 'master.key');
    await writeFile(file, 'short');
    await expect(readMasterKey(file, entropy)).rejects.toMatchObject({ code: 'config_invalid' });
  });

  it('opens what it wrapped, under its own name only', () => {
    const wrap = createKeyWrap(entropy.bytes(32), entropy);
    const wrapped = wrap.wrap('secret', 'device CA');
    expect(wrap.unwrap(wrapped, 'device CA')).toBe('secret');
    expect(() => wrap.unwrap(wrapped, 'web CA')).toThrow(/cannot be opened/);
    expect(() => createKeyWrap(entropy.bytes(32), entropy).unwrap(wrapped, 'device CA')).toThrow(/cannot be opened/);
    expect(() => wrap.unwrap(wrapped.slice(0, 10), 'device CA')).toThrow(/cannot be opened/);
    const last = wrapped.byteLength - 1;
    wrapped[last] = (wrapped[last] ?? 0) ^ 1;
    expect(() => wrap.unwrap(wrapped, 'device CA')).toThrow(/cannot be opened/);
  });
});
