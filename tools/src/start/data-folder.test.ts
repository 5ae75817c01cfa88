import { statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTemporaryFolder } from '../programs/temporary-folder.ts';
import { chooseDataFolder, listMissing, prepareDataFolder, removeEmpty } from './data-folder.ts';
import { checkPort, checkTlsFiles, explainListen } from './listen-check.ts';

test('makes a folder that only its owner enters', () => {
  using folder = createTemporaryFolder('data');
  const root = join(folder.path, 'deep', 'data');
  prepareDataFolder(root);
  expect(statSync(root).mode & 0o777).toBe(0o700);
});

test('a relative name is one of the folder that npm was called from, and an empty variable is none', () => {
  const shell = { INIT_CWD: '/home/me' };
  expect(chooseDataFolder('data', shell)).toBe('/home/me/data');
  expect(chooseDataFolder(undefined, { ...shell, CLOUDLESS_DATA: 'data' })).toBe('/home/me/data');
  expect(chooseDataFolder('/srv/data', { ...shell, CLOUDLESS_DATA: 'data' })).toBe('/srv/data');
  expect(chooseDataFolder(undefined, { ...shell, CLOUDLESS_DATA: '' })).toMatch(/cloudless$/i);
});

test('refuses a file and a folder that cannot be made, with a remedy', () => {
  using folder = createTemporaryFolder('data');
  const file = join(folder.path, 'file');
  writeFileSync(file, '');
  const missing = listMissing(file);
  expect(() => prepareDataFolder(file)).toThrow('is a file');
  removeEmpty(missing);
  expect(() => prepareDataFolder('/proc/cloudless')).toThrow('cannot be used');
});

test('names a taken port', async () => {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  expect(await checkPort('127.0.0.1', port)).toMatchObject({ problem: `port ${port} is taken on 127.0.0.1` });
  expect((await checkPort('127.0.0.1', port, '--store-port'))?.remedy).toContain('another with --store-port');
  await new Promise((resolve) => server.close(resolve));
  expect(await checkPort('127.0.0.1', port)).toBeUndefined();
  expect(explainListen('10.9.9.9', 1, 'EADDRNOTAVAIL').problem).toContain('not an address of this machine');
});

test('refuses TLS files that are absent or no PEM', () => {
  using folder = createTemporaryFolder('tls');
  const file = join(folder.path, 'x.pem');
  writeFileSync(file, 'hello');
  const refusals = checkTlsFiles({ certFile: file, keyFile: `${file}.absent` });
  expect(refusals.map((refusal) => refusal.problem)).toEqual([
    expect.stringContaining('holds no certificate'),
    expect.stringContaining('cannot be read'),
  ]);
});
