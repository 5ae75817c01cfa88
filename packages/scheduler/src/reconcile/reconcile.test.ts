import { WITHHELD, type AllocationId, type AllocationRow, type NodeRow, type WorkloadRow } from '@cloudless/proto';
import { buildAllocationRow, buildNodeRow, buildObserved, buildWorkloadRow } from '@cloudless/proto/testing';
import { describe, expect, it } from 'vitest';
import { decidePlan } from '../decide-plan.ts';
import { countOperations, type Plan } from '../plan.ts';
import { buildSnapshot, createWorld } from '../testing/index.ts';

const laptop = buildNodeRow('laptop');
const pi = buildNodeRow('pi');
const inState = (row: NodeRow, word: NodeRow['state']['word']): NodeRow => ({ ...row, state: { ...row.state, word } });
const SMALL = { memoryBytes: 64 * 2 ** 20 };
const web = (replicas = 1, overrides: Partial<WorkloadRow> = {}): WorkloadRow => buildWorkloadRow('web', { replicas }, overrides);
const decide = (nodes: readonly NodeRow[], workload: WorkloadRow, ...allocations: readonly AllocationRow[]): Plan =>
  decidePlan(buildSnapshot({ nodes, workloads: [workload], allocations }));
const named = (name: string): { readonly id: AllocationId } => ({ id: `alloc_${name}` as AllocationId });

describe('a slot', () => {
  it('is left alone while it is served', () => {
    expect(countOperations(decide([laptop], web(), buildAllocationRow(web(), laptop)))).toBe(0);
  });

  it('is left alone while its allocation starts, however long that takes', () => {
    const starting = buildAllocationRow(web(), laptop, 0, { observed: buildObserved({ phase: 'pulling', ready: false }) });
    expect(countOperations(decide([laptop], web(), starting))).toBe(0);
  });

  it.each(['unreachable', 'asleep', 'degraded'] as const)('keeps its allocation on a device that is %s', (word) => {
    expect(countOperations(decide([inState(laptop, word), pi], web(), buildAllocationRow(web(), laptop)))).toBe(0);
  });

  it.each(['lost', 'left'] as const)(
    'gets a stand-in for an allocation on a device that is %s, and keeps that one for its return',
    (word) => {
      const gone = inState(laptop, word);
      const old = buildAllocationRow(web(), gone);
      const first = decide([gone, pi], web(), old);
      expect(first).toMatchObject({ stop: [], place: [{ nodeId: pi.id, replaces: old.id, cause: { code: 'nodeLost' } }] });
      const next = decide([gone, pi], web(), old, buildAllocationRow(web(), pi, 0, named('stand-in')));
      expect(countOperations(next)).toBe(0);
    },
  );

  it.each<[string, Partial<NodeRow>, string]>([
    ['is drained', { drain: { sinceAt: 1, purpose: 'empty', cause: { code: 'x', message: 'x' } } }, 'draining'],
    ['was taken back', { lending: { pausedAt: 1 } }, 'withheld'],
    ['lends less than it takes', { lending: SMALL, allocatable: { ...laptop.allocatable, ...SMALL } }, 'unlent'],
    ['is lent to another project', { lending: { projects: ['prj_other' as WorkloadRow['projectId']] } }, 'unlent'],
  ])('of a device that %s moves: the old one serves until the new one does', (_how, change, code) => {
    const emptying = { ...laptop, ...change };
    const old = buildAllocationRow(web(), emptying);
    expect(decide([emptying, pi], web(), old)).toMatchObject({ stop: [], place: [{ nodeId: pi.id, replaces: old.id, cause: { code } }] });
    const next = decide([emptying, pi], web(), old, buildAllocationRow(web(), pi, 0, named('stand-in')));
    expect(next).toMatchObject({ place: [], stop: [{ allocationId: old.id, cause: { code } }] });
    // With nowhere to go, it stays as long as the device lets it.
    expect(decide([emptying], web(), old)).toMatchObject({ stop: [], place: [] });
  });

  it('stops what a drained device still holds at its deadline, moved or not, and looks again then', () => {
    const drain = { sinceAt: 1, purpose: 'empty', cause: { code: 'x', message: 'x' } } as const;
    const { now } = buildSnapshot({ nodes: [], workloads: [], allocations: [] });
    const early = { ...laptop, drain: { ...drain, deadlineAt: now + 1 } };
    const late = { ...laptop, drain: { ...drain, deadlineAt: now } };
    const old = buildAllocationRow(web(), laptop);
    const overdue = { stop: [{ allocationId: old.id, cause: { code: 'drainOverdue', params: { node: 'laptop' } } }] };
    // Nowhere to go, and its stand-in not ready yet.
    expect(decide([early], web(), old)).toMatchObject({ stop: [], wakeAt: now + 1 });
    expect(decide([late], web(), old)).toMatchObject({ ...overdue, place: [] });
    const starting = buildAllocationRow(web(), pi, 0, {
      ...named('stand-in'),
      observed: buildObserved({ phase: 'starting', ready: false }),
    });
    expect(decide([early, pi], web(), old, starting)).toMatchObject({ stop: [], wakeAt: now + 1 });
    expect(decide([late, pi], web(), old, starting)).toMatchObject(overdue);
  });

  it('moves only as many as are beyond a lowered ceiling', () => {
    const lending = { memoryBytes: 300 * 2 ** 20 };
    const [workload, small] = [web(3), { ...laptop, lending }];
    const rows = [0, 1, 2].map((slot) => buildAllocationRow(workload, small, slot));
    const plan = decide([small, pi], workload, ...rows);
    expect(plan.stop).toEqual([]);
    expect(plan.place).toMatchObject([{ nodeId: pi.id, cause: { code: 'unlent', message: 'it is beyond what laptop is lent for' } }]);
  });

  it('that stopped because its device does not lend is no failure: it is placed anew at once', () => {
    const withheld = { ...laptop, lending: { pausedAt: 1 } };
    const cause = { code: WITHHELD, message: 'The device does not lend now.' };
    const stopped = buildAllocationRow(web(), withheld, 0, { observed: buildObserved({ phase: 'stopped', ready: false, cause }) });
    const plan = decide([withheld, pi], web(), stopped);
    expect(plan).toMatchObject({ stop: [{ allocationId: stopped.id, cause: { code: 'withheld' } }], place: [{ nodeId: pi.id }] });
  });

  it('keeps the one that serves, and among those the oldest, where it has too many', () => {
    const starting = buildAllocationRow(web(), laptop, 0, {
      ...named('a'),
      createdAt: 1,
      observed: buildObserved({ phase: 'starting', ready: false }),
    });
    const young = buildAllocationRow(web(), pi, 0, { ...named('b'), createdAt: 3 });
    const old = buildAllocationRow(web(), pi, 0, { ...named('c'), createdAt: 2 });
    const { stop } = decide([laptop, pi], web(), starting, young, old);
    expect(stop.map(({ allocationId, cause }) => [allocationId, cause.code])).toEqual([
      ['alloc_b', 'surplus'],
      ['alloc_a', 'surplus'],
    ]);
  });

  it('forgets allocations of a removed device and is placed anew in the same plan', () => {
    const removed = { ...laptop, revokedAt: 1 };
    const old = buildAllocationRow(web(), removed);
    expect(decide([removed, pi], web(), old)).toMatchObject({
      remove: [{ allocationId: old.id, cause: { code: 'nodeRemoved' } }],
      place: [{ nodeId: pi.id, slot: 0 }],
    });
  });
});

describe('a container that ended', () => {
  const ended = (policy: 'always' | 'onFailure' | 'never', phase: 'stopped' | 'failed') => {
    const workload = buildWorkloadRow('web', { restartPolicy: { policy } });
    const observed = buildObserved({ phase, ready: false, exit: { code: phase === 'failed' ? 1 : 0, oomKilled: false, at: 1 } });
    return decide([laptop], workload, buildAllocationRow(workload, laptop, 0, { observed }));
  };

  it.each([
    ['never', 'failed'],
    ['never', 'stopped'],
    ['onFailure', 'stopped'],
  ] as const)('stays ended under policy %s when it %s', (policy, phase) => {
    expect(countOperations(ended(policy, phase))).toBe(0);
  });

  it.each([
    ['always', 'failed'],
    ['always', 'stopped'],
    ['onFailure', 'failed'],
  ] as const)('is tried again under policy %s when it %s', (policy, phase) => {
    expect(ended(policy, phase)).toMatchObject({ stop: [{ cause: { code: 'failed', params: { attempt: 1 } } }] });
  });
});

describe('a workload', () => {
  it('stops all when it is stopped or deleted, and says which', () => {
    const rows = [buildAllocationRow(web(2), laptop), buildAllocationRow(web(2), laptop, 1)];
    const stopped = decide([laptop], web(2, { runState: 'stopped' }), ...rows);
    const deleted = decide([laptop], web(2, { deletedAt: 1 }), ...rows);
    expect(stopped.stop.map(({ cause }) => cause.code)).toEqual(['workloadStopped', 'workloadStopped']);
    expect(deleted.stop.map(({ cause }) => cause.code)).toEqual(['workloadDeleted', 'workloadDeleted']);
  });

  it('has its allocations stopped when its row is gone', () => {
    const row = buildAllocationRow(web(), laptop);
    expect(decidePlan(buildSnapshot({ nodes: [laptop], allocations: [row] })).stop).toMatchObject([{ allocationId: row.id }]);
  });
});

describe('a rollout', () => {
  const changed = web(3, { generation: 2, templateGeneration: 2 });
  const oldRows = [0, 1, 2].map((slot) => buildAllocationRow(web(3), laptop, slot));

  it('goes one slot at a time', () => {
    expect(decide([laptop], changed, ...oldRows).place.map(({ slot }) => slot)).toEqual([0]);
  });

  it('stands still while a slot of the new template is not ready', () => {
    const starting = buildAllocationRow(changed, laptop, 0, {
      ...named('new'),
      observed: buildObserved({ phase: 'starting', ready: false }),
    });
    expect(countOperations(decide([laptop], changed, ...oldRows, starting))).toBe(0);
  });

  it('stops the old replica when the new one is ready, and takes the next slot', () => {
    const ready = buildAllocationRow(changed, laptop, 0, named('new'));
    const plan = decide([laptop], changed, ...oldRows, ready);
    expect(plan.stop).toMatchObject([{ allocationId: oldRows[0]?.id, cause: { code: 'outdated' } }]);
    expect(plan.place.map(({ slot }) => slot)).toEqual([1]);
  });

  it('repairs broken slots at once instead of waiting for their turn, and goes on when they serve', () => {
    const broken = oldRows.map((row, slot) => (slot === 0 ? row : { ...row, observed: buildObserved({ phase: 'failed', ready: false }) }));
    expect(decide([laptop], changed, ...broken).place.map(({ slot }) => slot)).toEqual([1, 2]);
  });

  it('ends where it began when a person goes back before it is through', () => {
    const world = createWorld([laptop], [web(3)]);
    world.converge();
    world.workloads.set(changed.id, changed);
    world.apply(decidePlan(world.snapshot()));
    world.workloads.set(changed.id, { ...changed, generation: 3, templateGeneration: 3 });
    world.converge();
    const running = world.allocations().filter(({ desired }) => desired === 'running');
    expect(new Set(running.map(({ slot, templateGeneration }) => `${slot} of ${templateGeneration}`))).toEqual(
      new Set(['0 of 3', '1 of 3', '2 of 3']),
    );
    expect(running).toHaveLength(3);
  });
});
