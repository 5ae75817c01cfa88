import type { AllocationId, AllocationRow, NodeRow, WorkloadRow } from '@cloudless/proto';
import { buildAllocationRow, buildNodeRow, buildObserved, buildWorkloadRow } from '@cloudless/proto/testing';
import { describe, expect, it } from 'vitest';
import { decideCollection } from '../collect.ts';
import { decidePlan } from '../decide-plan.ts';
import { countOperations, type Plan } from '../plan.ts';
import { computeStatus } from '../status.ts';
import { buildSnapshot } from '../testing/index.ts';
import { validatePlan } from '../validate-plan.ts';

const NOW = 1_700_000_100_000;
const laptop = buildNodeRow('laptop');
const pi = buildNodeRow('pi');
const inState = (row: NodeRow, word: NodeRow['state']['word']): NodeRow => ({ ...row, state: { ...row.state, word } });
const lost = inState(laptop, 'lost');
const db = (overrides: Partial<WorkloadRow> = {}): WorkloadRow => buildWorkloadRow('db', { exclusive: true }, overrides);
const held = buildAllocationRow(db(), laptop);
const told: AllocationRow = { ...held, desired: 'stopped', desiredGeneration: 2 };

const snapshotOf = (nodes: readonly NodeRow[], workload: WorkloadRow, allocations: readonly AllocationRow[], leftMs?: number) =>
  buildSnapshot({
    nodes,
    workloads: [workload],
    allocations,
    now: NOW,
    leaseLeftMs: new Map(leftMs === undefined ? [] : allocations.map((row) => [row.id, leftMs])),
  });
const decide = (...args: Parameters<typeof snapshotOf>): Plan => decidePlan(snapshotOf(...args));

describe('an exclusive slot', () => {
  it.each(['lost', 'left'] as const)('whose device %s is told to stop first, and its successor waits for the end of the lease', (word) => {
    const away = inState(laptop, word);
    expect(decide([away, pi], db(), [held], 20_000)).toMatchObject({
      place: [],
      stop: [{ allocationId: held.id, cause: { code: 'nodeLost' } }],
    });
    const waiting = decide([away, pi], db(), [told], 20_000);
    expect(countOperations(waiting)).toBe(0);
    expect(waiting).toMatchObject({
      wakeAt: NOW + 20_000,
      why: [{ unplaced: [{ reasons: [{ filter: 'lease', params: { node: 'laptop' } }], retryAt: NOW + 20_000 }] }],
    });
    expect(waiting.why[0]?.unplaced[0]?.reasons[0]?.message).toBe(
      'it runs at most once, and may still run on laptop: its lease has ended for certain in 20 s',
    );
    expect(decide([away, pi], db(), [told], 0)).toMatchObject({ place: [{ nodeId: pi.id }], stop: [] });
  });

  it('is placed at once when its device reports it stopped', () => {
    const stopped = { ...told, observed: buildObserved({ phase: 'stopped', ready: false }) };
    expect(decide([laptop, pi], db(), [stopped], 20_000).place).toHaveLength(1);
  });

  it('stays with a lost device while no other could take it: it goes on when that one is back', () => {
    const plan = decide([lost], db(), [held], 0);
    expect(countOperations(plan)).toBe(0);
    expect(plan.why[0]?.unplaced).toMatchObject([{ reasons: [{ filter: 'ready' }] }]);
  });

  it('is updated by stopping the old replica before the new one starts', () => {
    const changed = db({ generation: 2, templateGeneration: 2 });
    expect(decide([laptop, pi], changed, [held], 20_000)).toMatchObject({
      place: [],
      stop: [{ allocationId: held.id, cause: { code: 'outdated' } }],
    });
    const stopping = decide([laptop, pi], changed, [told], 20_000);
    expect(countOperations(stopping)).toBe(0);
    // Its device is just stopping it: no news.
    expect(stopping.why[0]?.unplaced).toEqual([]);
    const stopped = { ...told, observed: buildObserved({ phase: 'stopped', ready: false }) };
    expect(decide([laptop, pi], changed, [stopped], 20_000).place).toMatchObject([{ templateGeneration: 2 }]);
  });

  it('keeps the old replica of an update that fits nowhere, and of a drained device that nobody can take over', () => {
    const changed = db({ generation: 2, templateGeneration: 2 });
    const huge = { ...changed, spec: { ...changed.spec, resources: { requests: { memoryBytes: 2 ** 40 }, limits: {} } } };
    expect(countOperations(decide([laptop], huge, [held], 1))).toBe(0);
    const drained = { ...laptop, drain: { sinceAt: 1, purpose: 'empty', cause: { code: 'x', message: 'x' } } } as const;
    expect(countOperations(decide([drained], db(), [held], 1))).toBe(0);
    const overdue = { ...drained, drain: { ...drained.drain, deadlineAt: 1 } };
    expect(decide([overdue], db(), [held], 1)).toMatchObject({ place: [], stop: [{ cause: { code: 'drainOverdue' } }] });
    expect(decide([drained, pi], db(), [held], 1)).toMatchObject({ place: [], stop: [{ cause: { code: 'draining' } }] });
  });

  it('is updated in place on one small device', () => {
    const small = buildNodeRow('laptop', { allocatable: { cpuMillicores: 150, memoryBytes: 150 * 2 ** 20, storageBytes: 2 ** 40 } });
    expect(decide([small], db({ generation: 2, templateGeneration: 2 }), [held], 1)).toMatchObject({
      place: [],
      stop: [{ cause: { code: 'updateInPlace' } }],
    });
  });

  it('waits for what ran before it was exclusive, which has no lease, until its device answers or is removed', () => {
    const before = buildAllocationRow(buildWorkloadRow('db'), laptop, 0, { desired: 'stopped' });
    const waiting = decide([lost, pi], db({ templateGeneration: 2 }), [before]);
    expect(countOperations(waiting)).toBe(0);
    expect(waiting.why[0]?.unplaced).toMatchObject([{ reasons: [{ filter: 'lease' }], remedy: { code: 'bringOnlineOrRemove' } }]);
    expect(decide([{ ...lost, revokedAt: 1 }, pi], db({ templateGeneration: 2 }), [before]).place).toHaveLength(1);
  });

  it('of a removed device is held until its lease has ended, then its row goes', () => {
    const removed = { ...laptop, revokedAt: 1 };
    expect(decide([removed, pi], db(), [held], 5000)).toMatchObject({ place: [], remove: [], stop: [{ allocationId: held.id }] });
    expect(decide([removed, pi], db(), [told], 0)).toMatchObject({ remove: [{ allocationId: told.id }], place: [{ nodeId: pi.id }] });
  });

  it('whose app was stopped and started again waits for the old replica', () => {
    expect(countOperations(decide([laptop, pi], db(), [told], 1000))).toBe(0);
  });

  it('is not forgotten while it may run', () => {
    const hours = { keepNewest: 0, keepMs: 0, maxRemovals: 10 };
    expect(decideCollection(snapshotOf([lost], db(), [told], 1), hours).remove).toEqual([]);
    expect(decideCollection(snapshotOf([lost], db(), [told], 0), hours).remove).toHaveLength(1);
  });

  it('is fenced in the words of its status', () => {
    const [why] = decide([lost, pi], db(), [told], 20_000).why;
    const status = computeStatus({ workload: db(), allocations: [told], unplaced: why?.unplaced ?? [], findNode: () => lost });
    expect(status).toMatchObject({ condition: 'unplaced', cause: { code: 'fenced', params: { node: 'laptop' } } });
  });

  it('never takes a plan that was decided before a lease was renewed', () => {
    const plan = decide([lost, pi], db(), [told], 0);
    expect(validatePlan(plan, snapshotOf([lost, pi], db(), [told], 1))).toMatchObject([{ rule: 'exclusiveOnce' }]);
    const other = { ...held, id: 'alloc_other' as AllocationId, desired: 'running' } as const;
    expect(validatePlan(plan, snapshotOf([lost, pi], db(), [told, other], 0))).toMatchObject([{ rule: 'exclusiveOnce' }]);
  });
});
