import { createHash } from 'node:crypto';
import { mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { createNodePackages } from './node-packages.ts';

it("sends this machine's own Node.js compressed, made once, and names the hash of what is inside", async () => {
  await using scratch = await mkdtempDisposable(join(tmpdir(), 'cloudless-node-'));
  const binary = join(scratch.path, 'node');
  const bytes = Buffer.alloc(300_000, 'a program ');
  await writeFile(binary, bytes);
  const folder = join(scratch.path, 'files');
  const own = { platform: 'linux-x64', binary, version: '26.10.0' };
  const packages = createNodePackages({ folder, lockfile: join(scratch.path, 'none'), own });
  expect(await packages.sources()).toEqual({ 'linux-x64': { kind: 'binary', sha256: createHash('sha256').update(bytes).digest('hex') } });
  const [first, second] = await Promise.all([packages.file('linux-x64'), packages.file('linux-x64')]);
  expect(second).toEqual(first);
  expect(gunzipSync(await readFile(first.path)).equals(bytes)).toBe(true);
  expect(await readdir(folder)).toEqual(['node-26.10.0-linux-x64.gz']);
  await writeFile(binary, 'another');
  expect(await packages.file('linux-x64')).toEqual(first);
});

it('says what failed when its own Node.js cannot be read, and tries again', async () => {
  await using scratch = await mkdtempDisposable(join(tmpdir(), 'cloudless-node-'));
  const binary = join(scratch.path, 'node');
  const own = { platform: 'linux-x64', binary, version: '26.10.0' };
  const packages = createNodePackages({ folder: join(scratch.path, 'files'), lockfile: join(scratch.path, 'none'), own });
  await expect(packages.sources()).rejects.toThrow('ENOENT');
  await expect(packages.file('linux-x64')).rejects.toThrow('ENOENT');
  await writeFile(binary, 'here now');
  expect((await packages.sources())['linux-x64']).toMatchObject({ kind: 'binary' });
  expect((await packages.file('linux-x64')).bytes).toBeGreaterThan(0);
});
