import { expect, test } from '@playwright/test';
import { WELCOME, type Allocation, type Workload } from '@cloudless/proto';
import { createLan } from '@cloudless/tools/machines';
import { listContainers, startProduct } from '@cloudless/tools/product';
import { createOffer, findNode, joinByCommand, startCluster, untilNode } from '../src/devices.ts';
import { claimWithPassword } from '../src/person.ts';
import { untilWorkload } from '../src/rest.ts';

test('the command of the dialog turns an empty machine into a green card', async ({ page }) => {
  await using lan = await createLan();
  await using product = await startProduct({ flags: ['--host', '0.0.0.0'] });
  const machine = await lan.addMachine('attic');
  await claimWithPassword(page, product);
  await page.goto(`${product.url}/devices`);
  await page.getByRole('button', { name: 'Add a device', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Add a device' });
  await dialog.getByRole('button', { name: 'Show the command' }).click();
  const command = await dialog.getByRole('region', { name: 'Command' }).first().innerText();
  expect(command).toContain('--pinnedpubkey');
  const startedAt = performance.now();
  await joinByCommand(machine, command.trim());
  const joined = page.getByRole('dialog', { name: 'attic has joined' });
  await expect(joined.getByText('Online', { exact: true }).first()).toBeVisible({ timeout: 60_000 });
  expect(performance.now() - startedAt, 'from the command to the green card').toBeLessThan(60_000);
  await expect(joined.getByText('Has its certificate')).toBeVisible();
  const again = await machine.run(['sh', '-c', command.trim()]);
  expect(again.output, 'joined already is fine').toContain('already');
});

test('an app runs on three devices behind one URL; one dies and its replica moves; one leaves and leaves nothing', async () => {
  test.setTimeout(240_000);
  await using lan = await createLan();
  await using cluster = await startCluster();
  const { rest } = cluster;
  const attic = await lan.addMachine('attic');
  const cellar = await lan.addMachine('cellar', { behindNat: true });
  for (const machine of [attic, cellar]) {
    await joinByCommand(machine, (await createOffer(rest)).command);
    await untilNode(rest, machine.name, `${machine.name} is online`, (node) => node?.state.word === 'online');
  }
  const { id } = (
    await rest.call<Workload>('POST', '/workloads', { metadata: { name: 'welcome' }, spec: { ...WELCOME.spec, replicas: 3 } })
  ).body;
  const app = await untilWorkload(rest, id, 'three replicas are ready', ({ status }) => status.ready === 3);
  const running = async () =>
    (await rest.call<{ rows: Allocation[] }>('GET', `/allocations?workloadId=${id}`)).body.rows
      // What a device that is away had may come back with it: until then nobody knows.
      .filter(({ desired, observed, unreachable }) => desired === 'running' && observed.phase === 'running' && !unreachable)
      .map(({ nodeName }) => nodeName);
  expect(new Set(await running()).size, 'one on each device').toBe(3);
  const open = async (): Promise<string> => (await fetch(app.url ?? '', { signal: AbortSignal.timeout(5000) })).text();
  for (let count = 0; count < 6; count += 1) expect(await open()).toContain('<title');

  await test.step('a device dies', async () => {
    await attic.powerOff();
    await expect.poll(async () => (await running()).includes('attic'), { message: 'its replica moves', timeout: 120_000 }).toBe(false);
    await untilWorkload(rest, id, 'three replicas are ready again', ({ status }) => status.ready === 3);
    expect(await open()).toContain('<title');
  });

  await test.step('a device leaves', async () => {
    const left = await cellar.run([cellar.agent, 'leave']);
    expect(left.exitCode, left.output).toBe(0);
    expect(await findNode(rest, 'cellar')).toBeUndefined();
    expect(await listContainers(cellar.engine)).toEqual([]);
    const status = await untilWorkload(rest, id, 'nothing is missing', ({ status: now }) => now.ready === 3);
    expect(status.status.ready).toBe(3);
    const listed = await cellar.run([cellar.agent, 'uninstall']);
    expect(listed.output).toContain('Nothing was removed yet');
    await cellar.run([cellar.agent, 'uninstall', '--yes']);
    expect((await cellar.run(['ls', '-A', cellar.home])).stdout.split('\n').filter((entry) => entry !== '')).toEqual(['bin', 'machine-id']);
    expect((await cellar.run(['ls', '-A', `${cellar.home}/bin`])).stdout).toBe('');
  });
});
