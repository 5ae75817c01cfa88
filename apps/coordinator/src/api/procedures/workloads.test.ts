import type { ClusterEvent, Workload } from '@cloudless/proto';
import { buildAllocationRow, buildNodeRow, buildObserved, buildWorkloadRow } from '@cloudless/proto/testing';
import { describe, expect, it } from 'vitest';
import { createTestApi, failureOf, outcomeOf, type TestApi } from '../testing/create-test-api.ts';

const OWNER = { role: 'owner' } as const;
const WEB = { image: 'example/web:1', ports: [{ name: 'http', containerPort: 80 }] };
const create = (api: TestApi, name: string, spec: object = WEB): Promise<Workload> =>
  api.call(OWNER, 'workload.create', { metadata: { name }, spec }) as Promise<Workload>;
const change = (api: TestApi, name: `workload.${string}`, { id }: { readonly id: string }, more: object = {}): Promise<Workload> =>
  api.call(OWNER, name as 'workload.scale', { workloadId: id, ...more }) as Promise<Workload>;
const eventsOf = (api: TestApi): Promise<readonly ClusterEvent[]> => api.store.listEvents({ orgId: api.cluster.orgId, limit: 50 });

describe('workload.create', () => {
  it('writes the app and who made it as one batch', async () => {
    await using api = await createTestApi();
    const before = api.store.revision;
    const made = await create(api, 'web');
    expect(made).toMatchObject({ name: 'web', generation: 1, revision: before + 1, gatewayPort: 7700, url: 'http://localhost:7700/' });
    const [event] = await eventsOf(api);
    expect(event).toMatchObject({
      kind: 'workload.created',
      revision: before + 1,
      workloadId: made.id,
      actor: { kind: 'user', name: 'owner' },
    });
  });

  it('gives a name once in a project, of many at once too, and again when the app is gone', async () => {
    await using api = await createTestApi();
    const outcomes = await Promise.all([1, 2, 3].map(() => outcomeOf(create(api, 'web', { image: 'a' }))));
    expect(outcomes.sort()).toEqual(['name_taken', 'name_taken', 'ok']);
    const [found] = api.store.list('workload');
    await change(api, 'workload.delete', found?.row ?? { id: '' });
    expect((await failureOf(create(api, 'web')))?.message).toContain('being deleted');
    await api.commit({ kind: 'remove', table: 'workload', id: found?.row.id as never, expect: api.store.revision });
    expect(await outcomeOf(create(api, 'web'))).toBe('ok');
  });

  it('stores apps together that are made together', async () => {
    await using api = await createTestApi();
    const seen: number[] = [];
    api.store.onCommit(() => seen.push([...api.store.list('workload')].length));
    await Promise.all(['a', 'b', 'c'].map((name) => create(api, name, { image: 'a' })));
    expect(seen).toEqual([3, 3, 3]);
  });

  it('takes names of other projects for its own, as those do', async () => {
    await using api = await createTestApi();
    const row = buildWorkloadRow(
      'web',
      {},
      { id: api.entropy.id('wl') as never, orgId: api.cluster.orgId, projectId: api.entropy.id('prj') as never },
    );
    await api.commit({ kind: 'put', table: 'workload', row, expect: 'absent' });
    expect(await outcomeOf(create(api, 'web'))).toBe('ok');
  });

  it('gives each app with a TCP port a port of its own, to the last of the range', async () => {
    await using api = await createTestApi();
    const quiet = await create(api, 'quiet', { image: 'a', ports: [{ name: 'dns', containerPort: 53, protocol: 'UDP' }] });
    expect([quiet.gatewayPort, quiet.url]).toEqual([undefined, undefined]);
    const made = await Promise.all(['a', 'b', 'c'].map((name) => create(api, name)));
    expect(new Set(made.map(({ gatewayPort }) => gatewayPort))).toEqual(new Set([7700, 7701, 7702]));
    expect(await outcomeOf(create(api, 'd'))).toBe('port_taken');
  });
});

describe('a change of an app', () => {
  it('that gains a port while others are made shares it with none', async () => {
    await using api = await createTestApi();
    const quiet = await create(api, 'quiet', { image: 'a' });
    const made = await Promise.all([change(api, 'workload.update', quiet, { spec: WEB }), create(api, 'a'), create(api, 'b')]);
    expect(new Set(made.map(({ gatewayPort }) => gatewayPort))).toEqual(new Set([7700, 7701, 7702]));
  });

  it('keeps its port when it loses the last TCP port, so that its URL comes back', async () => {
    await using api = await createTestApi();
    const made = await create(api, 'web');
    expect((await change(api, 'workload.update', made, { spec: { image: 'b' } })).gatewayPort).toBe(made.gatewayPort);
  });

  it('replaces containers for what is in them, and not for their number or its labels', async () => {
    await using api = await createTestApi();
    const made = await create(api, 'web', { ...WEB, env: { A: '1', B: '2' } });
    const same = await change(api, 'workload.update', made, { spec: { ...WEB, env: { B: '2', A: '1' } } });
    expect([same.generation, same.templateGeneration]).toEqual([1, 1]);
    const labelled = await change(api, 'workload.update', made, { spec: made.spec, labels: { tier: 'front' } });
    expect([labelled.generation, labelled.templateGeneration]).toEqual([2, 1]);
    const more = await change(api, 'workload.update', made, { spec: { ...made.spec, replicas: 5 } });
    expect([more.generation, more.templateGeneration, more.labels]).toEqual([3, 1, { tier: 'front' }]);
    const other = await change(api, 'workload.update', made, { spec: { ...made.spec, image: 'example/web:2' } });
    expect([other.generation, other.templateGeneration]).toEqual([4, 4]);
    const restarted = await change(api, 'workload.restart', made);
    expect([restarted.generation, restarted.templateGeneration]).toEqual([5, 5]);
  });

  it('asked for twice happens once, and is told once', async () => {
    await using api = await createTestApi();
    const made = await create(api, 'web');
    for (const _time of [1, 2]) await change(api, 'workload.scale', made, { replicas: 3 });
    for (const _time of [1, 2]) await change(api, 'workload.stop', made);
    for (const _time of [1, 2]) await change(api, 'workload.start', made);
    for (const _time of [1, 2]) await change(api, 'workload.delete', made);
    expect((await eventsOf(api)).map(({ kind }) => kind).toReversed()).toEqual([
      'workload.created',
      'workload.scaled',
      'workload.stopped',
      'workload.started',
      'workload.deleteRequested',
    ]);
  });

  it.each(['update', 'scale', 'restart', 'stop', 'start', 'delete'] as const)(
    '%s under a generation that is not the newest is stale',
    async (verb) => {
      await using api = await createTestApi();
      const made = await create(api, 'web');
      await change(api, 'workload.restart', made);
      const revision = api.store.revision;
      const more = { update: { spec: { image: 'c' } }, scale: { replicas: 9 }, restart: {}, stop: {}, start: {}, delete: {} }[verb];
      const failure = await failureOf(change(api, `workload.${verb}`, made, { ...more, ifGeneration: 1 }));
      const told = { name: 'web', generation: 2, ifGeneration: 1, sentence: 'changedMeanwhile' };
      expect([failure?.code, failure?.params, api.store.revision]).toEqual(['stale', told, revision]);
    },
  );

  it('of several at once under one generation, exactly one happens', async () => {
    await using api = await createTestApi();
    const made = await create(api, 'web');
    const tries = [2, 3, 4].map((replicas) => outcomeOf(change(api, 'workload.scale', made, { replicas, ifGeneration: 1 })));
    expect((await Promise.all(tries)).sort()).toEqual(['ok', 'stale', 'stale']);
    const free = [5, 6, 7].map((replicas) => outcomeOf(change(api, 'workload.scale', made, { replicas })));
    expect(await Promise.all(free)).toEqual(['ok', 'ok', 'ok']);
  });

  it('is not made on what is being deleted', async () => {
    await using api = await createTestApi();
    const made = await create(api, 'web');
    await change(api, 'workload.delete', made);
    expect(await outcomeOf(change(api, 'workload.scale', made, { replicas: 2 }))).toBe('not_found');
  });
});

it('workload.plan of an app that exists takes its own replicas as gone, and writes nothing', async () => {
  await using api = await createTestApi();
  const node = buildNodeRow('laptop', {
    id: api.entropy.id('node') as never,
    orgId: api.cluster.orgId,
    allocatable: { cpuMillicores: 1000, memoryBytes: 2 ** 30, storageBytes: 2 ** 40 },
  });
  await api.commit({ kind: 'put', table: 'node', row: node, expect: 'absent' });
  const made = await create(api, 'web', { image: 'a', resources: { requests: { cpuMillicores: 800 } } });
  const workload = api.store.get('workload', made.id)?.row;
  const allocation = { ...buildAllocationRow(workload as never, node), id: api.entropy.id('alloc') as never };
  await api.commit({ kind: 'put', table: 'allocation', row: allocation, expect: 'absent' });
  const before = api.store.revision;
  const plan = (workloadId?: string) =>
    api.call(OWNER, 'workload.plan', { metadata: { name: 'web' }, spec: made.spec, ...(workloadId ? { workloadId } : {}) });
  expect(await plan(made.id)).toMatchObject({ placements: [{ slot: 0, nodeId: node.id }], unplaced: [], basedOn: before });
  expect(await plan()).toMatchObject({
    placements: [],
    unplaced: [{ slot: 0, reasons: [{ filter: 'capacity' }] }],
    rejected: [{ nodeId: node.id }],
  });
  expect(api.store.revision).toBe(before);
});

it('workload.deletePreview names exactly the replicas that run, the URL that ends and what stays', async () => {
  await using api = await createTestApi();
  const node = buildNodeRow('laptop', { id: api.entropy.id('node') as never, orgId: api.cluster.orgId });
  const made = await create(api, 'web');
  const workload = api.store.get('workload', made.id)?.row as never;
  const running = { ...buildAllocationRow(workload, node, 0), id: api.entropy.id('alloc') as never };
  const over = {
    ...buildAllocationRow(workload, node, 1),
    id: api.entropy.id('alloc') as never,
    observed: buildObserved({ phase: 'failed', ready: false }),
  };
  await api.commit(
    { kind: 'put', table: 'node', row: node, expect: 'absent' },
    { kind: 'put', table: 'allocation', row: running, expect: 'absent' },
    { kind: 'put', table: 'allocation', row: over, expect: 'absent' },
  );
  expect(await change(api, 'workload.deletePreview', made)).toEqual({
    name: 'web',
    replicas: [{ allocationId: running.id, nodeName: 'laptop', phase: 'running' }],
    url: made.url,
    keeps: ['its events, for as long as events are kept'],
  });
});
