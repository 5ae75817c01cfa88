import { expect, test } from '@playwright/test';
import { WELCOME, type Allocation, type CloudlessNode, type Workload } from '@cloudless/proto';
import { claimByApi, createToken, fingerprintOf, killContainer, listContainers, startProduct } from '@cloudless/tools/product';
import { createRestClient, untilDeviceReady, untilWorkload } from '../src/rest.ts';

test('a killed agent, dashboard or control plane touches no container, and comes back by itself', async () => {
  await using product = await startProduct();
  const rest = createRestClient(product, await createToken(product, await claimByApi(product), 'write'));
  await untilDeviceReady(rest);
  const made = await rest.call<Workload>('POST', '/workloads', { metadata: { name: 'steady' }, spec: { ...WELCOME.spec, replicas: 2 } });
  await untilWorkload(rest, made.body.id, 'two replicas run', (workload) => workload.status.ready === 2);
  const containers = (await listContainers()).filter((container) => container.workload === made.body.id).map((container) => container.id);
  const before = await Promise.all(containers.map((each) => fingerprintOf(each)));
  const restarts = async (): Promise<number> => {
    const { body } = await rest.call<{ rows: Allocation[] }>('GET', `/allocations?workloadId=${made.body.id}`);
    return body.rows.reduce((sum, row) => sum + row.observed.restarts, 0);
  };
  const untouched = async (): Promise<void> => {
    expect(await Promise.all(containers.map((each) => fingerprintOf(each)))).toEqual(before);
    expect(await restarts()).toBe(0);
  };

  await test.step('kill -9 of the agent', async () => {
    const old = await product.pid('agent');
    process.kill(old, 'SIGKILL');
    await expect.poll(() => product.pid('agent').catch(() => old), { timeout: 15_000 }).not.toBe(old);
    await untilDeviceReady(rest);
    await untilWorkload(rest, made.body.id, 'both are adopted', (workload) => workload.status.ready === 2);
    await untouched();
  });
  await test.step('kill -9 of the dashboard: the API goes on', async () => {
    const old = await product.pid('web');
    process.kill(old, 'SIGKILL');
    expect((await rest.call('GET', '/cluster')).status).toBe(200);
    await expect
      .poll(
        () =>
          fetch(`${product.url}/sign-in`).then(
            (response) => response.status,
            () => 0,
          ),
        { timeout: 20_000 },
      )
      .toBe(200);
    await untouched();
  });
  await test.step('a container killed while the coordinator is away is restarted by the agent alone', async () => {
    const [victim = ''] = containers;
    const old = await product.pid('coordinator');
    process.kill(old, 'SIGKILL');
    await killContainer(victim);
    await expect.poll(() => product.pid('coordinator').catch(() => old), { timeout: 20_000 }).not.toBe(old);
    // What the coordinator knew before it died is old until the agent's report comes.
    await expect.poll(() => restarts().catch(() => -1), { timeout: 20_000 }).toBe(1);
    await untilWorkload(rest, made.body.id, 'both run again', (workload) => workload.status.ready === 2);
    const now = (await listContainers()).filter((container) => container.workload === made.body.id && container.running);
    expect(now).toHaveLength(2);
  });
});

test('Ctrl-C leaves the apps running and the next start adopts them', async () => {
  await using first = await startProduct();
  const cookie = await claimByApi(first);
  const token = await createToken(first, cookie, 'write');
  const rest = createRestClient(first, token);
  const device: CloudlessNode = await untilDeviceReady(rest);
  const made = await rest.call<Workload>('POST', '/workloads', { metadata: { name: 'stays' }, spec: WELCOME.spec });
  await untilWorkload(rest, made.body.id, 'it runs', (workload) => workload.status.ready === 1);
  const [container] = (await listContainers()).filter((candidate) => candidate.workload === made.body.id);
  const before = await fingerprintOf(container?.id ?? '');

  expect(await first.interrupt()).toBe(0);
  expect(await fingerprintOf(container?.id ?? '')).toBe(before);

  await using second = await startProduct({ dataFolder: first.dataFolder, port: first.port });
  const again = createRestClient(second, token);
  expect((await untilDeviceReady(again)).id).toBe(device.id);
  await untilWorkload(again, made.body.id, 'it is adopted', (workload) => workload.status.ready === 1);
  expect(await fingerprintOf(container?.id ?? '')).toBe(before);
});
