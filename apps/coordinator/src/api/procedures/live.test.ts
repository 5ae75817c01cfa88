import type { LiveChange, WorkloadId, WorkloadRow } from '@cloudless/proto';
import { buildAllocationRow, buildNodeRow, buildWorkloadRow } from '@cloudless/proto/testing';
import { expect, it } from 'vitest';
import type { NodeSessions, UsageSample } from '../../node-sessions/index.ts';
import type { Element } from '../call.ts';
import { createTestApi, type TestApi } from '../testing/create-test-api.ts';

/** One reader; `next` waits for so many elements. */
function follow(api: TestApi, lastEventId?: string) {
  const leaving = new AbortController();
  const input = lastEventId === undefined ? {} : { lastEventId };
  const caller = api.callerOf({ role: 'owner' });
  const stream = api.handlers['live.follow']({
    caller,
    input,
    headers: { host: 'localhost' },
    requestId: undefined,
    signal: leaving.signal,
  });
  const elements = stream[Symbol.asyncIterator]();
  async function next(count: number): Promise<Element<'live.follow'>[]> {
    const taken: Element<'live.follow'>[] = [];
    while (taken.length < count) {
      const { value, done } = await elements.next();
      if (done) return taken;
      taken.push(value as Element<'live.follow'>);
    }
    return taken;
  }
  return {
    next,
    kinds: async (count: number) => (await next(count)).map(({ data }) => data.kind),
    leave: () => leaving.abort(new Error('left')),
  };
}

async function addWorkload(api: TestApi, name: string, overrides: Partial<WorkloadRow> = {}): Promise<WorkloadRow> {
  const { orgId, projectId } = api.cluster;
  const row = buildWorkloadRow(name, {}, { id: api.entropy.id('wl') as never, orgId, projectId, ...overrides });
  await api.commit({ kind: 'put', table: 'workload', row, expect: 'absent' });
  return row;
}
const nameOf = (change: LiveChange): string => (change.kind === 'workload' ? change.workload.name : change.kind);

it('tells each change of the organisation once, as it is now, and nothing of another', async () => {
  await using api = await createTestApi();
  const reader = follow(api);
  expect(await reader.kinds(1)).toEqual(['tick']);
  await addWorkload(api, 'theirs', { orgId: api.entropy.id('org') as never });
  const row = await addWorkload(api, 'mine');
  await api.commit({ kind: 'put', table: 'workload', row: { ...row, generation: 2 }, expect: api.store.revision });
  const [element] = await reader.next(1);
  expect(element).toMatchObject({ id: String(api.store.revision), data: { kind: 'workload', workload: { name: 'mine', generation: 2 } } });
  reader.leave();
  expect(await reader.next(1)).toEqual([]);
});

it('tells with a replica its app and device, whose status it changes, and with a device its replicas', async () => {
  await using api = await createTestApi();
  const workload = await addWorkload(api, 'web');
  const node = buildNodeRow('laptop', { id: api.entropy.id('node') as never, orgId: api.cluster.orgId });
  await api.commit({ kind: 'put', table: 'node', row: node, expect: 'absent' });
  const reader = follow(api);
  await reader.next(1);
  const allocation = { ...buildAllocationRow(workload, node), id: api.entropy.id('alloc') as never };
  await api.commit({ kind: 'put', table: 'allocation', row: allocation, expect: 'absent' });
  expect((await reader.kinds(3)).sort()).toEqual(['allocation', 'node', 'workload']);
  const state = { word: 'unreachable', cause: { code: 'silent', message: 'silent' }, sinceAt: 1 } as const;
  await api.commit({ kind: 'put', table: 'node', row: { ...node, state }, expect: api.store.get('node', node.id)?.version ?? 0 });
  const told = await reader.next(3);
  expect(told.map(({ data }) => data)).toContainEqual(
    expect.objectContaining({ kind: 'allocation', allocation: expect.objectContaining({ unreachable: true }) as object }),
  );
  await api.commit({
    kind: 'remove',
    table: 'allocation',
    id: allocation.id,
    expect: api.store.get('allocation', allocation.id)?.version ?? 0,
  });
  expect(await reader.kinds(3)).toContain('allocationGone');
  reader.leave();
});

it('tells an app again when it is explained otherwise, though no row changed, and none of another organisation', async () => {
  let explain: (workloadIds: readonly WorkloadId[]) => void = () => undefined;
  await using api = await createTestApi({
    onExplained(listener) {
      explain = listener;
      return () => undefined;
    },
  });
  const theirs = await addWorkload(api, 'theirs', { orgId: api.entropy.id('org') as never });
  const mine = await addWorkload(api, 'mine');
  const reader = follow(api);
  await reader.next(1);
  explain([theirs.id, mine.id]);
  expect((await reader.next(1)).map(({ data }) => nameOf(data))).toEqual(['mine']);
  reader.leave();
});

it('a reader that leaves at any element and comes back with its id has missed nothing', async () => {
  await using api = await createTestApi();
  await addWorkload(api, 'before');
  for (let read = 1; read <= 6; read += 1) {
    const first = follow(api, '0');
    const seen = new Set<string>();
    const start = api.store.revision;
    await addWorkload(api, `a${read}`);
    await addWorkload(api, `b${read}`);
    const heard = await first.next(read);
    for (const { data } of heard) seen.add(nameOf(data));
    first.leave();
    await addWorkload(api, `c${read}`);
    const second = follow(api, heard.at(-1)?.id);
    const end = api.store.revision;
    let id = '0';
    while (Number(id) < end) {
      const [element] = await second.next(1);
      id = element?.id ?? id;
      if (element) seen.add(nameOf(element.data));
    }
    second.leave();
    expect([...seen]).toEqual(expect.arrayContaining(['before', `a${read}`, `b${read}`, `c${read}`]));
    expect(start).toBeLessThan(end);
  }
});

it.each([['nonsense'], ['999999999'], ['-1']])('a cursor that is not of this cluster (%s) is told to list again', async (cursor) => {
  await using api = await createTestApi();
  const reader = follow(api, cursor);
  expect(await reader.next(2)).toMatchObject([
    { id: String(api.store.revision), data: { kind: 'reset' } },
    { id: String(api.store.revision), data: { kind: 'tick', version: '0.1.0' } },
  ]);
  reader.leave();
});

it('a silence of ten seconds is broken by a tick, so that silence means stale', async () => {
  await using api = await createTestApi();
  const reader = follow(api);
  await reader.next(1);
  const tick = reader.next(1);
  await api.clock.advance(10_000);
  expect(await tick).toMatchObject([{ data: { kind: 'tick', at: api.clock.now() } }]);
  reader.leave();
});

it('a slow reader is held to what exists: many changes of a row are one, and of too many events it lists again', async () => {
  await using api = await createTestApi();
  const reader = follow(api);
  await reader.next(1);
  let row = await addWorkload(api, 'web');
  for (let generation = 2; generation <= 600; generation += 1) {
    row = { ...row, generation };
    const { orgId } = api.cluster;
    const event = {
      id: api.entropy.id('ev') as never,
      at: 1,
      kind: 'workload.updated',
      severity: 'info',
      orgId,
      actor: { kind: 'system', name: 'test' },
      params: {},
      message: 'm',
    } as const;
    await api.commit({ kind: 'put', table: 'workload', row, expect: api.store.revision }, { kind: 'event', event });
  }
  const told = await reader.next(502);
  const kinds = told.map(({ data }) => data.kind);
  expect([kinds[0], kinds.filter((kind) => kind === 'workload').length, kinds.filter((kind) => kind === 'event').length]).toEqual([
    'reset',
    1,
    500,
  ]);
  expect(told.at(-1)?.id).toBe(String(api.store.revision));
  reader.leave();
});

it('tells what devices use as they say it, each device’s newest', async () => {
  const listeners = new Set<(sample: UsageSample) => void>();
  const sessions = {
    channels: () => ({ heartbeat: { connected: true }, command: { connected: true } }),
    usage: () => [],
    lastUsage: () => undefined,
    onUsage: (listener: (sample: UsageSample) => void) => (listeners.add(listener), () => void listeners.delete(listener)),
  } as unknown as NodeSessions;
  await using api = await createTestApi({ sessions });
  const own = buildNodeRow('own', { id: api.entropy.id('node') as never, orgId: api.cluster.orgId });
  const theirs = buildNodeRow('theirs', { id: api.entropy.id('node') as never, orgId: api.entropy.id('org') as never });
  for (const row of [own, theirs]) await api.commit({ kind: 'put', table: 'node', row, expect: 'absent' });
  const reader = follow(api);
  await reader.next(1);
  const say = (nodeId: typeof own.id, cpuMillicores: number) => {
    for (const listener of listeners) listener({ nodeId, usage: { at: 1, cpuMillicores, memoryBytes: 1 }, allocations: [] });
  };
  say(theirs.id, 5);
  say(own.id, 10);
  say(own.id, 20);
  expect(await reader.next(1)).toMatchObject([{ data: { kind: 'usage', nodeId: own.id, usage: { cpuMillicores: 20 } } }]);
  reader.leave();
  await reader.next(1);
  expect(listeners.size).toBe(0);
});
