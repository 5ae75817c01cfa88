import { expect, test } from '@playwright/test';
import { WELCOME, type Allocation, type ClusterEvent, type Workload } from '@cloudless/proto';
import { claimByApi, createToken, listContainers, startProduct } from '@cloudless/tools/product';
import { createRestClient, untilDeviceReady, untilWorkload, type Problem } from '../src/rest.ts';

test('a program deploys, reads, scales and deletes an app over REST with a token', async () => {
  await using product = await startProduct();
  const cookie = await claimByApi(product);
  const rest = createRestClient(product, await createToken(product, cookie, 'write'));
  const readOnly = createRestClient(product, await createToken(product, cookie, 'read'));
  const device = await untilDeviceReady(rest);
  const welcome = { metadata: { ...WELCOME.metadata, name: 'hello' }, spec: WELCOME.spec };

  await test.step('the same Idempotency-Key makes one app', async () => {
    const headers = { 'idempotency-key': 'e2e-1' };
    const first = await rest.call<Workload>('POST', '/workloads', welcome, headers);
    const again = await rest.call<Workload>('POST', '/workloads', welcome, headers);
    expect(first.status, JSON.stringify(first.body)).toBeLessThan(300);
    expect(again.body.id).toBe(first.body.id);
    const other = await rest.call<Problem>('POST', '/workloads', { ...welcome, metadata: { name: 'other' } }, headers);
    expect(other.body.code).toBe('idempotency_conflict');
  });

  const list = await rest.call<{ rows: Workload[] }>('GET', '/workloads');
  const id = list.body.rows[0]?.id ?? '';
  const running = await untilWorkload(rest, id, 'the app runs', (workload) => workload.status.ready === 1);

  await test.step('its stable URL answers from the container and its request is in its log', async () => {
    const page = await fetch(`${running.url}`, { signal: AbortSignal.timeout(10_000) });
    expect(page.status).toBe(200);
    const logs = await fetch(`${product.url}/api/v1/workloads/${id}/logs?tail=200`, {
      headers: { authorization: `Bearer ${await createToken(product, cookie, 'read')}` },
      signal: AbortSignal.timeout(10_000),
    });
    expect(await logs.text()).toContain('GET');
  });

  await test.step('a stale If-Match changes nothing', async () => {
    const stale = await rest.call<Problem>('POST', `/workloads/${id}/scale`, { replicas: 3 }, { 'if-match': '"99"' });
    expect([stale.status, stale.body.code]).toEqual([412, 'stale']);
    const scaled = await rest.call<Workload>('POST', `/workloads/${id}/scale`, { replicas: 3 }, { 'if-match': `"${running.generation}"` });
    expect(scaled.body.spec.replicas).toBe(3);
    await untilWorkload(rest, id, 'three replicas run', (workload) => workload.status.ready === 3);
    const replicas = await rest.call<{ rows: Allocation[] }>('GET', `/allocations?workloadId=${id}`);
    expect(replicas.body.rows.filter((row) => row.observed.ready).map((row) => row.nodeName)).toEqual([
      device.name,
      device.name,
      device.name,
    ]);
  });

  await test.step('a read token may not write', async () => {
    const refused = await readOnly.call<Problem>('DELETE', `/workloads/${id}`);
    expect([refused.status, refused.body.code]).toEqual([403, 'forbidden']);
  });

  await test.step('deleting leaves no container and says so in the events', async () => {
    expect((await rest.call('DELETE', `/workloads/${id}`)).status).toBeLessThan(300);
    await expect.poll(async () => (await rest.call('GET', `/workloads/${id}`)).status, { timeout: 30_000 }).toBe(404);
    expect((await listContainers()).filter((container) => container.workload === id)).toEqual([]);
    const events = await rest.call<{ rows: ClusterEvent[] }>('GET', `/events?workloadId=${id}`);
    expect(events.body.rows[0]?.kind).toBe('workload.deleted');
  });
});
