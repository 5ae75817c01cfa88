import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';
import { claimByApi, createToken, startProduct } from '@cloudless/tools/product';

const run = promisify(execFile);
const REPOSITORY = join(import.meta.dirname, '..', '..');

const PROGRAM = `
import { createClient } from '@cloudless/sdk';
const client = createClient({ url: process.env['CLOUDLESS_URL'] ?? '', token: process.env['CLOUDLESS_TOKEN'] ?? '' });
const { rows } = await client.node.list({});
const names: readonly string[] = rows.map((row) => row.name);
const made = await client.workload.create({ metadata: { name: 'from-sdk' }, spec: { image: 'cloudless/welcome:1', replicas: 0 } });
// @ts-expect-error a replica count is a number
const wrong = (): unknown => client.workload.scale({ workloadId: made.id, replicas: 'two' });
console.log(JSON.stringify({ names: names.length, name: made.name, wrong: typeof wrong }));
`;

test('the packed SDK installs, type-checks and works in an empty folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cloudless-sdk-'));
  try {
    // The repository runs no package's scripts by default, and this one builds what it packs.
    const pack = ['pack', '--workspace', '@cloudless/sdk', '--ignore-scripts=false', '--pack-destination', folder];
    await run('npm', pack, { cwd: REPOSITORY, timeout: 60_000 });
    const [archive = ''] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }));
    await writeFile(join(folder, 'main.ts'), PROGRAM);
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          strict: true,
          noEmit: true,
          module: 'nodenext',
          target: 'es2024',
          types: ['node'],
          exactOptionalPropertyTypes: true,
          noUncheckedIndexedAccess: true,
        },
        files: ['main.ts'],
      }),
    );
    await run('npm', ['install', '--no-audit', '--no-fund', `./${archive}`, '@types/node@26'], { cwd: folder, timeout: 90_000 });
    const compiler = join(REPOSITORY, 'node_modules', '@typescript', 'native', 'bin', 'tsc');
    const checked = await run(process.execPath, [compiler, '-p', folder], { timeout: 60_000 }).catch((error: { stdout: string }) => error);
    expect(checked.stdout).toBe('');

    await using product = await startProduct({ flags: ['--no-agent'] });
    const token = await createToken(product, await claimByApi(product), 'write');
    const { stdout } = await run(process.execPath, ['main.ts'], {
      cwd: folder,
      env: { ...process.env, CLOUDLESS_URL: product.url, CLOUDLESS_TOKEN: token },
      timeout: 30_000,
    });
    expect(JSON.parse(stdout)).toEqual({ names: 0, name: 'from-sdk', wrong: 'function' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
