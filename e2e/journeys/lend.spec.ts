import { appendFile, cp, readFile, rm, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { WELCOME, type ClusterEvent, type Workload } from '@cloudless/proto';
import { createLan } from '@cloudless/tools/machines';
import { fingerprintOf, listContainers, startProduct } from '@cloudless/tools/product';
import { createOffer, findNode, joinByCommand, startCluster, untilNode } from '../src/devices.ts';
import { claimWithPassword } from '../src/person.ts';
import { untilWorkload } from '../src/rest.ts';

test('one tap takes a machine back: its app stops there and goes on elsewhere; the device keeps to it without a coordinator', async ({
  page,
}) => {
  test.setTimeout(180_000);
  await using lan = await createLan();
  await using product = await startProduct({ flags: ['--host', '0.0.0.0'] });
  await claimWithPassword(page, product);
  const machine = await lan.addMachine('attic');
  await page.goto(`${product.url}/devices`);
  await page.getByRole('button', { name: 'Add a device', exact: true }).click();
  await page.getByRole('button', { name: 'Show the command' }).click();
  await joinByCommand(machine, (await page.getByRole('region', { name: 'Command' }).first().innerText()).trim());
  await expect(page.getByRole('dialog', { name: 'attic has joined' })).toBeVisible();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.goto(product.url);
  await page.getByRole('button', { name: 'Install Welcome', exact: true }).click();
  await expect(page.getByText('1 of 1 ready')).toBeVisible({ timeout: 30_000 });
  // On whichever it runs: that one is taken back.
  const holder = (await listContainers(machine.engine)).length > 0 ? 'attic' : undefined;
  await page.goto(`${product.url}/devices`);
  const cards = page.getByRole('main');
  await (
    holder === undefined
      ? cards
          .getByRole('heading', { name: /^(?!attic)/ })
          .getByRole('link')
          .first()
      : cards.getByRole('link', { name: 'attic' })
  ).click();
  await page.getByRole('button', { name: 'Take my machine back', exact: true }).click();
  await expect(page.getByText('Lends nothing now', { exact: true })).toBeVisible();
  const here = async () => (await listContainers(machine.engine)).filter(({ running }) => running).length;
  await expect.poll(here, { message: 'it runs on the other one', timeout: 30_000 }).toBe(holder === 'attic' ? 0 : 1);
  await page.getByRole('button', { name: 'Change what is lent', exact: true }).click();
  await page.getByLabel('At most cores').fill('1');
  await page.getByRole('switch', { name: 'Only in certain hours' }).click();
  await page.getByRole('button', { name: 'Add more hours' }).click();
  await page.getByRole('group', { name: 'Hours 2' }).getByLabel('Until').fill('20:00');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Lends up to 1 core.')).toBeVisible();
  await expect(page.getByText('Only daily 22:00–07:00 · Sat–Sun 07:00–20:00.')).toBeVisible();
});

test('a new agent goes to a device without a restart of its app; one that does not come up is taken back', async () => {
  test.setTimeout(240_000);
  await using lan = await createLan();
  const folder = await mkdtemp(join(tmpdir(), 'cloudless-agent-file-'));
  const file = join(folder, 'agent.mjs');
  const data = await mkdtemp(join(tmpdir(), 'cloudless-updating-'));
  try {
    await using before = await startCluster([], { dataFolder: data });
    const { rest, product, token } = before;
    const machine = await lan.addMachine('attic');
    await joinByCommand(machine, (await createOffer(rest)).command);
    await untilNode(rest, 'attic', 'it is online', (node) => node?.state.word === 'online');
    const own = (await rest.call<{ rows: { id: string; local: boolean }[] }>('GET', '/nodes')).body.rows.find(({ local }) => local);
    await rest.call('PATCH', `/nodes/${own?.id}`, { schedulable: false });
    const { id } = (await rest.call<Workload>('POST', '/workloads', { metadata: { name: 'welcome' }, spec: WELCOME.spec })).body;
    await untilWorkload(rest, id, 'the app is ready', ({ status }) => status.ready === 1);
    const [container] = await listContainers(machine.engine);
    const untouched = await fingerprintOf(container?.id ?? '', machine.engine);
    const first = (await findNode(rest, 'attic'))?.fingerprint?.agentSha256;
    const current = async (): Promise<string> => readFile(`${machine.home}/data/agent/bin/current`, 'utf8');
    await product.interrupt();

    // The same program under another checksum: what a release is to a device.
    const restart = (more: string) =>
      appendFile(file, more).then(() =>
        startCluster([], { port: product.port, dataFolder: data, token, env: { CLOUDLESS_AGENT_FILE: file } }),
      );
    await cp(`${machine.home}/data/agent/bin/current`, file, { dereference: true });
    await test.step('one that works', async () => {
      await using next = await restart('\n// another release\n');
      await untilNode(
        next.rest,
        'attic',
        'it runs the new agent',
        (node) => node?.state.word === 'online' && node.fingerprint?.agentSha256 !== first,
        60_000,
      );
      expect(await current()).toContain('// another release');
      expect(await fingerprintOf(container?.id ?? '', machine.engine), 'the container was not touched').toBe(untouched);
      await next.product.interrupt();
    });
    await test.step('one that does not come up', async () => {
      const good = await current();
      await using next = await restart('\nprocess.exit(1);\n');
      await expect
        .poll(async () => (await machine.run(['cat', `${machine.home}/data/agent/agent.log`])).stdout, {
          message: 'it is taken back',
          timeout: 60_000,
        })
        .toContain('the new agent did not come up');
      await untilNode(next.rest, 'attic', 'it is back with the one before', (node) => node?.state.word === 'online', 30_000);
      expect(await current()).toBe(good);
      expect(await fingerprintOf(container?.id ?? '', machine.engine)).toBe(untouched);
      const events = (await next.rest.call<{ rows: ClusterEvent[] }>('GET', '/events?limit=100')).body.rows;
      expect(events.filter(({ kind }) => kind === 'allocation.restarted')).toEqual([]);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(data, { recursive: true, force: true });
  }
});
