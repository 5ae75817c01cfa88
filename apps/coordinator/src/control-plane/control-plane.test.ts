import type { EventId, WorkloadRow } from '@cloudless/proto';
import { buildNodeRow, buildWorkloadRow } from '@cloudless/proto/testing';
import { computeStatus } from '@cloudless/scheduler';
import { describe, expect, it } from 'vitest';
import { crash, createTestPlane, staySilent, type TestPlane } from './testing/create-test-plane.ts';
import { createdEvent } from './testing/created-event.ts';

const GIB = 2 ** 30;
const laptop = buildNodeRow('laptop');
const pi = buildNodeRow('pi');
const small = { resources: { requests: { cpuMillicores: 500, memoryBytes: GIB } } };
const web = (replicas: number): WorkloadRow => buildWorkloadRow('web', { ...small, replicas });

const statusOf = (test: TestPlane, { id }: WorkloadRow) => {
  const workload = test.store.get('workload', id)?.row;
  if (!workload) throw new Error('the workload is gone');
  return computeStatus({
    workload,
    allocations: test.rowsOf(id),
    unplaced: test.plane.unplacedOf(id),
    findNode: (nodeId) => test.store.get('node', nodeId)?.row,
  });
};

describe('the control plane', () => {
  it('places what is deployed, and says where and why', async () => {
    await using test = await createTestPlane();
    await test.join(laptop);
    await test.deploy(web(2));
    await test.settle();

    expect(test.wantedOf(web(2).id)).toMatchObject([
      { slot: 0, nodeId: laptop.id, observed: { phase: 'running', ready: true } },
      { slot: 1, nodeId: laptop.id, observed: { phase: 'running', ready: true } },
    ]);
    expect(statusOf(test, web(2))).toMatchObject({ condition: 'running', ready: 2, desired: 2, unplaced: [] });
    const [placed] = test.eventsOf('allocation.placed');
    expect(placed).toMatchObject({
      nodeId: laptop.id,
      actor: { kind: 'system' },
      params: { workload: 'web', slot: 0, node: 'laptop', code: 'wanted' },
    });
    expect(placed?.message).toContain('laptop is the only device that fits');
  });

  it('stops what a drained device still holds the moment its deadline comes, and says why it runs nowhere', async () => {
    await using test = await createTestPlane();
    await test.join(laptop);
    await test.deploy(web(1));
    await test.settle();
    const drain = { sinceAt: test.clock.now(), purpose: 'empty', cause: { code: 'x', message: 'x' } } as const;
    await test.changeNode(laptop.id, () => ({ drain: { ...drain, deadlineAt: test.clock.now() + 10_000 } }));
    await test.elapse(9750);
    expect(test.wantedOf(web(1).id)).toMatchObject([{ observed: { ready: true } }]);
    await test.elapse(250);
    expect(test.wantedOf(web(1).id)).toEqual([]);
    expect(test.eventsOf('allocation.stopRequested')).toMatchObject([{ params: { code: 'drainOverdue', node: 'laptop' } }]);
    expect(statusOf(test, web(1)).unplaced).toHaveLength(1);
  });

  it('tells of each app that is explained otherwise, when no device takes its replica and when none has to any more', async () => {
    await using test = await createTestPlane();
    await test.join(laptop);
    await test.deploy(web(1));
    await test.settle();
    const told: number[] = [];
    test.plane.onExplained((ids) => void told.push(...ids.map((id) => test.plane.unplacedOf(id).length)));
    const drain = { sinceAt: test.clock.now(), purpose: 'empty', cause: { code: 'x', message: 'x' } } as const;
    await test.changeNode(laptop.id, () => ({ drain }));
    await test.settle();
    expect(told).toEqual([1]);
    await test.write({ kind: 'put', table: 'node', row: laptop, expect: test.store.get('node', laptop.id)?.version ?? 'absent' });
    await test.settle();
    expect(told).toEqual([1, 0]);
  });

  it('names the event that led to a placement', async () => {
    await using test = await createTestPlane();
    await test.join(laptop);
    const row = web(1);
    const id = 'ev_aaaaaaaaaaaaaaaaaaaaaaaaaa' as EventId;
    await test.write(
      { kind: 'put', table: 'workload', row, expect: 'absent' },
      { kind: 'event', event: createdEvent(row, id, test.clock.now()) },
    );
    await test.settle();
    expect(test.eventsOf('allocation.placed')).toMatchObject([{ causeEventId: id }]);
  });

  it('rests when desired equals observed: neither time nor a restart of it writes anything', async () => {
    await using test = await createTestPlane();
    await test.join(laptop);
    await test.deploy(web(3));
    await test.settle();
    const { revision } = test.store;

    await test.elapse(120_000, 10_000);
    await test.restartPlane();
    await test.settle();

    expect(test.store.revision).toBe(revision);
  });

  it('adds replicas when scaled up and stops the highest slots when scaled down', async () => {
    await using test = await createTestPlane();
    await test.join(laptop);
    await test.deploy(web(1));
    await test.settle();
    const [first] = test.wantedOf(web(1).id);

    await test.changeWorkload(web(1).id, { spec: { replicas: 4 } });
    await test.settle();
    expect(test.wantedOf(web(1).id).map((row) => row.slot)).toEqual([0, 1, 2, 3]);

    await test.changeWorkload(web(1).id, { spec: { replicas: 1 } });
    await test.settle();
    expect(test.wantedOf(web(1).id).map((row) => row.id)).toEqual([first?.id]);
    expect(test.eventsOf('allocation.stopRequested')).toHaveLength(3);
    expect(test.eventsOf('allocation.stopRequested')[0]?.params).toMatchObject({ code: 'scaledDown', replicas: 1 });
  });

  it('stops every replica of a stopped workload and starts it again', async () => {
    await using test = await createTestPlane();
    await test.join(laptop);
    await test.deploy(web(2));
    await test.settle();

    await test.changeWorkload(web(2).id, { runState: 'stopped' });
    await test.settle();
    expect(test.wantedOf(web(2).id)).toEqual([]);
    expect(statusOf(test, web(2)).condition).toBe('stopped');

    await test.changeWorkload(web(2).id, { runState: 'running' });
    await test.settle();
    expect(statusOf(test, web(2))).toMatchObject({ condition: 'running', ready: 2 });
  });

  it('restarts one replica after the other, the old one serving until the new one is ready', async () => {
    await using test = await createTestPlane();
    await test.join(laptop);
    await test.deploy(web(3));
    await test.settle();
    let leastReady = 3;
    let mostWanted = 0;
    test.store.onCommit(() => {
      const rows = test.rowsOf(web(3).id).filter((row) => row.desired === 'running');
      mostWanted = Math.max(mostWanted, rows.length);
      leastReady = Math.min(leastReady, rows.filter((row) => row.observed.ready).length);
    });

    await test.changeWorkload(web(3).id, {}, true);
    await test.settle();

    expect(test.wantedOf(web(3).id).map((row) => row.templateGeneration)).toEqual([2, 2, 2]);
    expect({ leastReady, mostWanted }).toEqual({ leastReady: 3, mostWanted: 4 });
  });

  it('leaves the old replicas alone when the new version does not come up', async () => {
    await using test = await createTestPlane();
    await test.join(laptop);
    await test.deploy(web(3));
    await test.settle();

    test.setAnswer(laptop.id, crash);
    await test.changeWorkload(web(3).id, { spec: { image: 'example/broken:2' } }, true);
    await test.elapse(20_000);

    const serving = test.wantedOf(web(3).id).filter((row) => row.observed.ready);
    expect(serving.map((row) => [row.slot, row.templateGeneration])).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
    ]);
    expect(statusOf(test, web(3))).toMatchObject({ condition: 'updating', ready: 3 });
  });

  it('replaces the replicas of a lost node elsewhere, and keeps those of a silent one', async () => {
    await using test = await createTestPlane();
    await test.join(laptop);
    await test.deploy(web(2));
    await test.settle();
    await test.join(pi);
    test.setAnswer(laptop.id, staySilent);

    await test.setWord(laptop.id, 'unreachable');
    await test.elapse(60_000, 10_000);
    expect(test.wantedOf(web(2).id).map((row) => row.nodeId)).toEqual([laptop.id, laptop.id]);

    await test.setWord(laptop.id, 'lost');
    await test.settle();
    const standIns = test.wantedOf(web(2).id).filter((row) => row.nodeId === pi.id);
    expect(standIns).toMatchObject([
      { slot: 0, observed: { ready: true } },
      { slot: 1, observed: { ready: true } },
    ]);
    expect(test.eventsOf('allocation.placed').at(-1)?.params).toMatchObject({ code: 'nodeLost', node: 'pi' });
    expect(statusOf(test, web(2)).condition).toBe('running');
  });

  it('takes back a lost node without doubling its replicas', async () => {
    await using test = await createTestPlane();
    await test.join(laptop);
    await test.deploy(web(2));
    await test.settle();
    await test.join(pi);
    test.setAnswer(laptop.id, staySilent);
    await test.elapse(60_000, 10_000);
    await test.setWord(laptop.id, 'lost');
    await test.settle();

    await test.join({ ...laptop, updatedAt: laptop.updatedAt + 1 });
    await test.settle();

    expect(test.wantedOf(web(2).id).map((row) => row.nodeId)).toEqual([laptop.id, laptop.id]);
    const standIns = test.rowsOf(web(2).id).filter((row) => row.nodeId === pi.id);
    expect(standIns.map((row) => row.observed.phase)).toEqual(['stopped', 'stopped']);
    expect(test.eventsOf('allocation.stopRequested').map(({ params }) => params['code'])).toEqual(['keptLongest', 'keptLongest']);
  });

  it('gives up the replicas of a removed node at once', async () => {
    await using test = await createTestPlane();
    await test.join(laptop);
    await test.deploy(web(1));
    await test.settle();
    await test.join(pi);

    await test.changeNode(laptop.id, () => ({ revokedAt: test.clock.now() }));
    await test.settle();

    expect(test.rowsOf(web(1).id)).toMatchObject([{ nodeId: pi.id, observed: { ready: true } }]);
    expect(test.eventsOf('allocation.stopRequested')).toMatchObject([{ params: { code: 'nodeRemoved', node: 'laptop' } }]);
  });

  it('tries a crashing replica again after growing waits, at the times it names', async () => {
    await using test = await createTestPlane();
    await test.join(laptop, crash);
    await test.deploy(web(1));
    await test.settle();
    expect(statusOf(test, web(1))).toMatchObject({ condition: 'failing', unplaced: [{ slot: 0, reasons: [{ filter: 'backOff' }] }] });

    await test.elapse(40_000, 100);

    const times = test.eventsOf('allocation.placed').map((event) => event.at);
    const waits = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(waits).toHaveLength(5);
    for (const [index, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(0.8 * 1000 * 2 ** index);
      expect(wait).toBeLessThanOrEqual(1000 * 2 ** index + 100);
    }
    expect(test.eventsOf('workload.unplaced')).toEqual([]);
  });

  it('remembers the back-off over a restart of the coordinator', async () => {
    await using test = await createTestPlane();
    await test.join(laptop, crash);
    await test.deploy(web(1));
    await test.elapse(10_000, 100);
    const before = test.eventsOf('allocation.placed').length;

    await test.restartPlane();
    await test.elapse(3000, 100);

    expect(test.eventsOf('allocation.placed')).toHaveLength(before);
  });

  it('keeps the rows of a workload that crashes for ever bounded', async () => {
    await using test = await createTestPlane();
    await test.join(laptop, crash);
    await test.deploy(buildWorkloadRow('web', { ...small, replicas: 20 }));
    await test.elapse(600_000, 5000);
    expect(test.rowsOf(web(1).id).length).toBeLessThanOrEqual(50);
  });

  it('says once why a replica has no device, and places it when one joins', async () => {
    await using test = await createTestPlane();
    await test.join(buildNodeRow('tiny', { allocatable: { cpuMillicores: 100, memoryBytes: GIB / 8, storageBytes: 1024 * GIB } }));
    await test.deploy(web(1));
    await test.settle();
    await test.elapse(90_000, 10_000);

    expect(test.wantedOf(web(1).id)).toEqual([]);
    expect(test.eventsOf('workload.unplaced')).toMatchObject([{ params: { workload: 'web', missing: 1, filter: 'capacity' } }]);
    expect(test.plane.unplacedOf(web(1).id)).toMatchObject([{ slot: 0, reasons: [{ filter: 'capacity', nodeCount: 1 }] }]);
    expect(statusOf(test, web(1)).condition).toBe('unplaced');

    await test.join(laptop);
    await test.settle();
    expect(test.wantedOf(web(1).id)).toMatchObject([{ nodeId: laptop.id }]);
    expect(test.plane.unplacedOf(web(1).id)).toEqual([]);
  });

  it('removes every row of a deleted workload once its replicas have stopped', async () => {
    await using test = await createTestPlane();
    await test.join(laptop);
    await test.deploy(web(2));
    await test.settle();
    test.setAnswer(laptop.id, staySilent);

    await test.changeWorkload(web(2).id, { deletedAt: test.clock.now() });
    await test.settle();
    expect(statusOf(test, web(2)).condition).toBe('deleting');

    test.setAnswer(laptop.id, (row, now) => ({
      ...row.observed,
      phase: 'stopped',
      ready: false,
      generation: row.desiredGeneration,
      sinceAt: now,
    }));
    await test.settle();
    expect(test.store.get('workload', web(2).id)).toBeUndefined();
    expect([...test.store.list('allocation')]).toEqual([]);
    expect(test.eventsOf('workload.deleted')).toHaveLength(1);
  });

  it('places more replicas than fit into one plan', async () => {
    await using test = await createTestPlane();
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      await test.join(buildNodeRow(name, { allocatable: { cpuMillicores: 64_000, memoryBytes: 256 * GIB, storageBytes: 1024 * GIB } }));
    for (const name of ['one', 'two', 'three']) await test.deploy(buildWorkloadRow(name, { ...small, replicas: 90 }));
    await test.settle();
    expect([...test.store.list('allocation')]).toHaveLength(270);
  });

  it('makes the same events, ids and all, of the same seed and happenings', async () => {
    async function run() {
      await using test = await createTestPlane();
      await test.join(laptop, crash);
      await test.join(pi);
      await test.deploy(web(3));
      await test.elapse(10_000, 500);
      await test.setWord(pi.id, 'lost');
      await test.elapse(10_000, 500);
      return test.events;
    }
    const events = await run();
    expect(events.length).toBeGreaterThan(10);
    expect(await run()).toEqual(events);
  });
});
