import type { LogLine, Workload } from '@cloudless/proto';
import { buildAllocationRow, buildNodeRow } from '@cloudless/proto/testing';
import { expect, it } from 'vitest';
import { createTestApi } from '../testing/create-test-api.ts';
import { createFakeLogDevices } from '../testing/fake-log-devices.ts';

/** An app with two replicas whose lines the test writes, and a program that reads them. */
async function open() {
  const devices = createFakeLogDevices();
  const api = await createTestApi({ sessions: devices.sessions });
  const token = await api.claim('read');
  const server = await api.listen();
  const { id } = (await api.call({ role: 'owner' }, 'workload.create', { metadata: { name: 'web' }, spec: { image: 'a' } })) as Workload;
  const row = api.store.get('workload', id)?.row;
  if (!row) throw new Error('the app was made');
  const allocations = [];
  for (const slot of [0, 1]) {
    const node = buildNodeRow(`device${slot}`, { id: api.entropy.id('node') as never, orgId: api.cluster.orgId });
    const allocation = { ...buildAllocationRow(row, node, slot), id: api.entropy.id('alloc') as never };
    await api.commit(
      { kind: 'put', table: 'node', row: node, expect: 'absent' },
      { kind: 'put', table: 'allocation', row: allocation, expect: 'absent' },
    );
    allocations.push(allocation);
  }
  return {
    api,
    devices,
    allocations,
    token,
    read: (query: string, signal?: AbortSignal) =>
      fetch(`${server.url}/api/v1/workloads/${id}/logs?${query}`, {
        headers: { authorization: `Bearer ${token}` },
        ...(signal ? { signal } : {}),
      }),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
    },
  };
}
const rowsOf = (text: string): (Partial<LogLine> & { kind?: string })[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LogLine);

it('logs are the newest lines of all replicas in the order of their time, and the answer ends', async () => {
  await using at = await open();
  const [one, two] = at.allocations;
  if (!one || !two) throw new Error('there are two replicas');
  for (let time = 1; time <= 6; time += 1) at.devices.say(time % 2 === 0 ? one.id : two.id, `line-${time}`, time);
  const answer = await at.read('tail=4');
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
  expect(rowsOf(await answer.text()).map(({ text }) => text)).toEqual(['line-3', 'line-4', 'line-5', 'line-6']);
  expect(await (await at.read('tail=0')).text()).toBe('');
});

it('logs of a device that is away are named as a gap among the others', async () => {
  await using at = await open();
  const [one, two] = at.allocations;
  if (!one || !two) throw new Error('there are two replicas');
  at.devices.say(one.id, 'here', 1);
  at.devices.leave(two.nodeId);
  expect(rowsOf(await (await at.read('')).text())).toMatchObject([{ kind: 'gap', allocationId: two.id }, { text: 'here' }]);
});

it('logs that are followed go on until the token is revoked', async () => {
  await using at = await open();
  const [one] = at.allocations;
  if (!one) throw new Error('there is a replica');
  at.devices.say(one.id, 'first', 1);
  const answer = await at.read('follow=true');
  const chunks = answer.body?.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  expect(rowsOf(String((await chunks?.next())?.value))).toMatchObject([{ text: 'first' }]);
  at.devices.say(one.id, 'second', 2);
  expect(rowsOf(String((await chunks?.next())?.value))).toMatchObject([{ text: 'second' }]);
  const caller = await at.api.people.authenticate({ authorization: `Bearer ${at.token}` });
  if (caller?.kind !== 'token') throw new Error('a token calls');
  await at.api.people.tokens.revoke({ kind: 'user', id: caller.userId, name: 'Ada' } as never, caller.id);
  await expect(chunks?.next()).rejects.toThrow('terminated');
  expect(at.devices.openStreams).toBe(0);
});
