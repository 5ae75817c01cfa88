import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';
import { createRqliteDouble } from '@cloudless/db/testing';
import { WELCOME, type Allocation, type ClusterStatus, type Workload } from '@cloudless/proto';
import { createToken, OWNER, startProduct } from '@cloudless/tools/product';
import { claimWithPassword } from '../src/person.ts';
import { createRestClient, untilDeviceReady, untilWorkload } from '../src/rest.ts';

const run = promisify(execFile);
const REPOSITORY = join(import.meta.dirname, '..', '..');

test('a cluster that was backed up by one click comes back on an empty folder, and no app restarts', async ({ page, context }) => {
  const empty = await mkdtemp(join(tmpdir(), 'cloudless-e2e-restored-'));
  await using product = await startProduct();
  await claimWithPassword(page, product);
  const cookie = (await context.cookies(product.url)).map(({ name, value }) => `${name}=${value}`).join('; ');
  const token = await createToken(product, cookie, 'write');
  const rest = createRestClient(product, token);
  await untilDeviceReady(rest);
  const made = await rest.call<Workload>('POST', '/workloads', { metadata: { name: 'welcome' }, spec: WELCOME.spec });
  await untilWorkload(rest, made.body.id, 'it runs', ({ status }) => status.ready === 1);

  await page.goto(`${product.url}/settings`);
  await page.getByRole('link', { name: 'Coordinators, store and backups' }).click();
  await expect(page.getByTestId('control-plane-sentence')).toContainText('One coordinator');
  await page.getByRole('button', { name: 'Back up now', exact: true }).click();
  await expect(page.getByText('A backup was made and read back', { exact: true })).toBeVisible();
  const [copy = ''] = await readdir(join(product.dataFolder, 'backups'));
  await expect(page.locator('code').filter({ hasText: copy })).toBeVisible();
  const before = await rest.call<ClusterStatus>('GET', '/cluster/status');

  await test.step('the machine of the coordinator is lost; its key was kept apart', async () => {
    await product.interrupt();
    await cp(join(product.dataFolder, 'coordinator', 'master.key'), join(empty, 'coordinator', 'master.key'), { recursive: true });
    // The agent is another program with a folder of its own: it goes on.
    await cp(join(product.dataFolder, 'agent'), join(empty, 'agent'), { recursive: true });
    const { stdout } = await run('npm', ['run', 'restore', '--', '--data', empty, '--from', join(product.dataFolder, 'backups', copy)], {
      cwd: REPOSITORY,
    });
    expect(stdout).toContain('Restored cluster');
  });

  await using restored = await startProduct({ dataFolder: empty, port: product.port });
  const again = createRestClient(restored, token);
  await untilDeviceReady(again);
  await untilWorkload(again, made.body.id, 'it still runs', ({ status }) => status.ready === 1);
  const { body } = await again.call<{ rows: Allocation[] }>('GET', `/allocations?workloadId=${made.body.id}`);
  expect(body.rows.map(({ observed }) => observed.restarts)).toEqual([0]);
  const after = await again.call<ClusterStatus>('GET', '/cluster/status');
  expect(after.body.epoch).toBeGreaterThan(before.body.epoch);
  expect(after.body.backups.restored?.file).toContain(copy);

  await test.step('and its owner signs in', async () => {
    await page.goto(`${restored.url}/sign-in`);
    await page.getByLabel('E-mail').fill(OWNER.email);
    await page.getByLabel('Password', { exact: true }).fill(OWNER.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await expect(page.getByText('welcome').first()).toBeVisible();
  });
  await rm(empty, { recursive: true, force: true });
});

test('a store is checked from the page before a cluster moves there', async ({ page }) => {
  await using product = await startProduct({ flags: ['--no-agent'] });
  await using cluster = await createRqliteDouble({ nodes: 3 });
  const { url } = await cluster.leader();
  await claimWithPassword(page, product);
  await page.goto(`${product.url}/settings/cluster`);
  const address = page.getByLabel('Address of one of its nodes');
  const check = page.getByRole('button', { name: 'Check', exact: true });
  await address.fill('ftp://10.0.0.5');
  await check.click();
  await expect(page.getByText('Write it like http://10.0.0.5:4001')).toBeVisible();
  await address.fill(product.url);
  await check.click();
  await expect(page.getByText('There is no rqlite at this address')).toBeVisible();
  await address.fill('http://127.0.0.1:1');
  await check.click();
  await expect(page.getByText('The store cannot be reached')).toBeVisible();
  await address.fill(url);
  await check.click();
  await expect(page.getByText('This store can take the cluster')).toBeVisible();
  await expect(page.getByText(`npm run move-to-rqlite -- --data ${product.dataFolder} --url ${url}`)).toBeVisible();
});
