import type { AllocationRow, NodeRow, Unplaced, WorkloadRow, WorkloadStatus } from '@cloudless/proto';
import { buildAllocationRow, buildNodeRow, buildObserved, buildWorkloadRow } from '@cloudless/proto/testing';
import { describe, expect, it } from 'vitest';
import { computeStatus } from './status.ts';

const laptop = buildNodeRow('laptop');
const web = (replicas = 2, overrides: Partial<WorkloadRow> = {}): WorkloadRow => buildWorkloadRow('web', { replicas }, overrides);
const rowOf = (slot: number, overrides: Partial<AllocationRow> = {}): AllocationRow => buildAllocationRow(web(), laptop, slot, overrides);
const starting = buildObserved({ phase: 'starting', ready: false, cause: { code: 'starting', message: 'starts' } });
const stopped = buildObserved({ phase: 'stopped', ready: false });
const unplaced = (slot: number, overrides: Partial<Unplaced> = {}): Unplaced => ({
  slot,
  nodeCount: 1,
  reasons: [{ filter: 'capacity', nodeCount: 1, message: 'needs 2 cores, laptop has 1 core free' }],
  remedy: { code: 'lowerRequests', message: 'lower the CPU request to 1 core' },
  ...overrides,
});

function status(
  workload: WorkloadRow,
  allocations: readonly AllocationRow[],
  { node = laptop, missing = [] }: { readonly node?: NodeRow; readonly missing?: readonly Unplaced[] } = {},
): WorkloadStatus {
  return computeStatus({ workload, allocations, unplaced: missing, findNode: (id) => (id === node.id ? node : undefined) });
}

describe('a status', () => {
  it('is running when every replica is ready', () => {
    expect(status(web(), [rowOf(0), rowOf(1)])).toMatchObject({ condition: 'running', ready: 2, desired: 2, observedGeneration: 1 });
  });

  it('is starting while replicas come up', () => {
    expect(status(web(), [rowOf(0), rowOf(1, { observed: starting })])).toMatchObject({
      condition: 'starting',
      ready: 1,
      cause: { message: '1 of 2 ready' },
    });
    expect(status(web(), [])).toMatchObject({ condition: 'starting', ready: 0 });
  });

  it('is unplaced when no replica has a device, and degraded when some have, each with the reason and what would help', () => {
    const message = 'no device fits: needs 2 cores, laptop has 1 core free; lower the CPU request to 1 core';
    expect(status(web(1), [], { missing: [unplaced(0)] })).toMatchObject({ condition: 'unplaced', cause: { message } });
    expect(status(web(), [rowOf(0)], { missing: [unplaced(1)] })).toMatchObject({
      condition: 'degraded',
      ready: 1,
      cause: { message, params: { ready: 1, desired: 2 } },
    });
  });

  it("is failing with the replica's own words while it is in back-off", () => {
    const crashed = rowOf(0, {
      desired: 'stopped',
      observed: buildObserved({ phase: 'failed', ready: false, cause: { code: 'exited', message: 'exited with code 1' } }),
    });
    const waiting = unplaced(0, { retryAt: 5, reasons: [{ filter: 'backOff', nodeCount: 1, message: 'waits' }] });
    expect(status(web(1), [crashed], { missing: [waiting] })).toMatchObject({ condition: 'failing', cause: { code: 'exited' } });
  });

  it('is failing while an agent restarts a container again and again', () => {
    const observed = buildObserved({
      ready: false,
      restarts: 2,
      nextTryAt: 9,
      cause: { code: 'restarting', message: 'exited with code 1' },
    });
    expect(status(web(1), [rowOf(0, { observed })])).toMatchObject({ condition: 'failing', cause: { code: 'restarting' } });
  });

  it('counts nothing ready on a device that is not heard from, and names it', () => {
    const node: NodeRow = { ...laptop, state: { ...laptop.state, word: 'unreachable' } };
    expect(status(web(1), [rowOf(0)], { node })).toMatchObject({
      condition: 'degraded',
      ready: 0,
      cause: { code: 'nodeSilent', message: 'laptop is unreachable' },
    });
  });

  it('is updating until every replica has the new template, and says which generation has arrived', () => {
    const changed = web(2, { generation: 3, templateGeneration: 3 });
    const mixed = status(changed, [rowOf(0, { templateGeneration: 3 }), rowOf(1)]);
    expect(mixed).toMatchObject({ condition: 'updating', ready: 2, observedGeneration: 1 });
    const done = status(changed, [rowOf(0, { templateGeneration: 3 }), rowOf(1, { templateGeneration: 3 })]);
    expect(done).toMatchObject({ condition: 'running', observedGeneration: 3 });
  });

  it('is stopping until the last replica has stopped, then stopped', () => {
    const off = web(2, { runState: 'stopped' });
    const told = { desired: 'stopped' } as const;
    expect(status(off, [rowOf(0, told)])).toMatchObject({ condition: 'stopping', desired: 0, cause: { code: 'stoppedByPerson' } });
    expect(status(off, [rowOf(0, { ...told, observed: stopped })])).toMatchObject({ condition: 'stopped', observedGeneration: 1 });
    expect(status(web(0), [])).toMatchObject({ condition: 'stopped', cause: { code: 'scaledToZero' } });
  });

  it('is deleting, and counts what it waits for', () => {
    expect(status(web(2, { deletedAt: 5 }), [rowOf(0, { desired: 'stopped' })])).toMatchObject({
      condition: 'deleting',
      sinceAt: 5,
      cause: { message: 'waits for 1 replica to stop' },
    });
  });

  it('is stopped when its containers ended and are to stay so', () => {
    const once = buildWorkloadRow('web', { replicas: 1, restartPolicy: { policy: 'never' } });
    const observed = { ...stopped, exit: { code: 0, oomKilled: false, at: 1 } };
    expect(status(once, [rowOf(0, { spec: once.spec, observed })])).toMatchObject({ condition: 'stopped', cause: { code: 'finished' } });
  });

  it('leaves out explanations of slots that are no longer wanted', () => {
    expect(status(web(1), [rowOf(0)], { missing: [unplaced(4)] })).toMatchObject({ condition: 'running', unplaced: [] });
    expect(status(web(1, { runState: 'stopped' }), [], { missing: [unplaced(0)] }).unplaced).toEqual([]);
  });
});
