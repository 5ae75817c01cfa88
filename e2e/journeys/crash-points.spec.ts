import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { CRASH_POINTS, type CrashPointName } from '@cloudless/coordinator';
import { WELCOME, type Workload } from '@cloudless/proto';
import { claimByApi, createToken, listContainers, startProduct, type Product } from '@cloudless/tools/product';
import { createRestClient, untilDeviceReady, untilWorkload } from '../src/rest.ts';

const KILLED = 'coordinator was ended by SIGKILL';
const faultsAt = (point: CrashPointName) => ({ CLOUDLESS_TEST_FAULTS: '1', CLOUDLESS_CRASH_AT: point });

async function openFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'cloudless-crash-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

async function untilKilled(product: Product): Promise<void> {
  await expect
    .poll(() => product.output().includes(KILLED), { message: 'the coordinator passes its crash point', timeout: 30_000 })
    .toBe(true);
}

/** Points that a claimed coordinator passes while it deploys. */
const DEPLOY_POINTS = CRASH_POINTS.filter((point) => /^(deploy|placement|report)\./.test(point));

for (const point of DEPLOY_POINTS) {
  test(`a coordinator killed at ${point} loses no deploy and doubles none`, async () => {
    await using first = await startProduct();
    const token = await createToken(first, await claimByApi(first), 'write');
    await untilDeviceReady(createRestClient(first, token));
    await first.interrupt();

    const headers = { 'idempotency-key': `crash-${point}` };
    const body = { metadata: { name: 'survivor' }, spec: { ...WELCOME.spec, replicas: 2 } };
    await using faulty = await startProduct({ dataFolder: first.dataFolder, port: first.port, env: faultsAt(point) });
    const answer = await createRestClient(faulty, token)
      .call<Workload>('POST', '/workloads', body, headers)
      .catch(() => undefined);
    await untilKilled(faulty);
    await faulty.interrupt();

    await using healed = await startProduct({ dataFolder: first.dataFolder, port: first.port });
    const rest = createRestClient(healed, token);
    const { body: list } = await rest.call<{ rows: Workload[] }>('GET', '/workloads');
    if (answer && answer.status < 300)
      expect(
        list.rows.map((row) => row.id),
        'what was acknowledged is there',
      ).toEqual([answer.body.id]);
    expect(list.rows.length).toBeLessThanOrEqual(1);
    const again = await rest.call<Workload>('POST', '/workloads', body, headers);
    expect([200, 201, 409], JSON.stringify(again.body)).toContain(again.status);
    const { body: after } = await rest.call<{ rows: Workload[] }>('GET', '/workloads');
    expect(after.rows).toHaveLength(1);

    const id = after.rows[0]?.id ?? '';
    await untilWorkload(rest, id, 'both replicas run', (workload) => workload.status.ready === 2);
    const running = (await listContainers()).filter((container) => container.workload === id && container.running);
    expect(running).toHaveLength(2);
    expect(new Set(running.map((container) => container.allocation)).size).toBe(2);

    expect((await rest.call('DELETE', `/workloads/${id}`)).status).toBeLessThan(300);
    await expect.poll(async () => (await rest.call('GET', `/workloads/${id}`)).status, { timeout: 30_000 }).toBe(404);
    expect((await listContainers()).filter((container) => container.workload === id)).toEqual([]);
  });
}

test('a coordinator killed in a grant of a lease, again and again, leaves an exclusive app running once', async () => {
  await using faulty = await startProduct({ env: faultsAt('lease.afterGrant') });
  const token = await createToken(faulty, await claimByApi(faulty), 'write');
  const deploying = createRestClient(faulty, token);
  await untilDeviceReady(deploying);
  const body = { metadata: { name: 'only-one' }, spec: { ...WELCOME.spec, replicas: 1, exclusive: true } };
  const { body: made } = await deploying.call<Workload>('POST', '/workloads', body);
  await untilKilled(faulty);
  const running = async () => (await listContainers()).filter((container) => container.workload === made.id && container.running);
  expect((await running()).length).toBeLessThanOrEqual(1);
  await faulty.interrupt();

  await using healed = await startProduct({ dataFolder: faulty.dataFolder, port: faulty.port });
  const rest = createRestClient(healed, token);
  await untilWorkload(rest, made.id, 'the one replica runs', (workload) => workload.status.ready === 1);
  expect(await running()).toHaveLength(1);
  expect((await rest.call('DELETE', `/workloads/${made.id}`)).status).toBeLessThan(300);
  await expect.poll(async () => (await rest.call('GET', `/workloads/${made.id}`)).status, { timeout: 30_000 }).toBe(404);
  expect(await running()).toEqual([]);
});

for (const point of CRASH_POINTS.filter((name) => name.startsWith('people.'))) {
  test(`a coordinator killed at ${point} leaves one owner or the code unused`, async () => {
    await using faulty = await startProduct({ flags: ['--no-agent'], env: faultsAt(point) });
    const claimed = await claimByApi(faulty).then(
      () => true,
      () => false,
    );
    expect(claimed, 'the answer died with the coordinator').toBe(false);
    await untilKilled(faulty);
    await faulty.interrupt();

    await using healed = await startProduct({ dataFolder: faulty.dataFolder, port: faulty.port, flags: ['--no-agent'] });
    const state = (await (await fetch(`${healed.url}/trpc/claim.state?input=%7B%7D`)).json()) as { result: { data: { claimed: boolean } } };
    expect(state.result.data.claimed).toBe(point === 'people.afterClaim');
    if (!state.result.data.claimed) await claimByApi(healed);
    const refused = await claimByApi(healed).then(
      () => 'a second owner',
      () => 'refused',
    );
    expect(refused).toBe('refused');
  });
}

test('a coordinator killed before it is ready ends the start with the reason, and the next start is whole', async () => {
  await using folder = await openFolder();
  const start = startProduct({ dataFolder: folder.path, flags: ['--no-agent'], env: faultsAt('coordinator.beforeReady') });
  await expect(start).rejects.toThrow(/ended with 1[\s\S]*the coordinator was ended by SIGKILL before it was ready/);
  await using healed = await startProduct({ dataFolder: folder.path, flags: ['--no-agent'] });
  await claimByApi(healed);
});
