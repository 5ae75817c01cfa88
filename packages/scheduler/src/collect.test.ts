import type { AllocationId, AllocationRow, NodeRow, WorkloadRow } from '@cloudless/proto';
import { buildAllocationRow, buildNodeRow, buildObserved, buildWorkloadRow } from '@cloudless/proto/testing';
import { describe, expect, it } from 'vitest';
import { decideCollection, DEFAULT_COLLECTION_RULES } from './collect.ts';
import { buildSnapshot } from './testing/index.ts';

const NOW = 1_700_000_100_000;
const laptop = buildNodeRow('laptop');
const web = buildWorkloadRow('web');
const endedAgo = (agoMs: number, overrides: Partial<AllocationRow> = {}): AllocationRow =>
  buildAllocationRow(web, laptop, 0, {
    id: `alloc_${agoMs}` as AllocationId,
    desired: 'stopped',
    desiredCause: { code: 'outdated', message: 'replaced' },
    observed: buildObserved({ phase: 'stopped', ready: false, sinceAt: NOW - agoMs }),
    updatedAt: NOW - agoMs,
    ...overrides,
  });
const failedAgo = (agoMs: number): AllocationRow =>
  endedAgo(agoMs, { desiredCause: { code: 'failed', message: 'failed', params: { attempt: 1, retryAt: NOW } } });

function collect(workloads: readonly WorkloadRow[], allocations: readonly AllocationRow[], nodes: readonly NodeRow[] = [laptop]) {
  const { remove, workloads: gone } = decideCollection(buildSnapshot({ nodes, workloads, allocations, now: NOW }));
  return { remove: remove.map(({ allocationId }) => allocationId), gone: gone.map(({ id }) => id) };
}

describe('collection', () => {
  it('keeps the newest ended allocations for an hour', () => {
    const rows = Array.from({ length: 15 }, (_, index) => endedAgo(20_000 - index));
    expect(collect([web], rows).remove).toEqual(
      rows
        .slice(0, 5)
        .map(({ id }) => id)
        .toReversed(),
    );
    expect(collect([web], [endedAgo(3_600_001)]).remove).toEqual(['alloc_3600001']);
  });

  it('never touches what is to run, or was told to stop and has not', () => {
    const stopping = endedAgo(9_000_000, { observed: buildObserved({ phase: 'stopping', ready: false, sinceAt: 0 }) });
    expect(collect([web], [buildAllocationRow(web, laptop), stopping]).remove).toEqual([]);
  });

  it('keeps the failure that a slot waits for, however old it is, and no other', () => {
    expect(collect([web], [failedAgo(9_000_001), failedAgo(9_000_000)]).remove).toEqual(['alloc_9000001']);
  });

  it('keeps no failure of a slot that is no longer wanted', () => {
    expect(collect([{ ...web, runState: 'stopped' }], [failedAgo(9_000_000)]).remove).toEqual(['alloc_9000000']);
  });

  it('removes a deleted workload after its last allocation, not with it', () => {
    const deleted = { ...web, deletedAt: NOW };
    expect(collect([deleted], [endedAgo(1)])).toEqual({ remove: ['alloc_1'], gone: [] });
    expect(collect([deleted], [])).toEqual({ remove: [], gone: [web.id] });
  });

  it('does not wait for a lost device to delete a workload', () => {
    const lost: NodeRow = { ...laptop, state: { ...laptop.state, word: 'lost' } };
    const unheard = endedAgo(1, { observed: buildObserved() });
    expect(collect([{ ...web, deletedAt: NOW }], [unheard], [lost]).remove).toEqual(['alloc_1']);
    expect(collect([web], [unheard], [lost]).remove).toEqual([]);
    expect(collect([{ ...web, deletedAt: NOW }], [unheard]).remove).toEqual([]);
  });

  it('removes no more rows at once than it may', () => {
    const rows = Array.from({ length: 300 }, (_, index) => endedAgo(9_000_000 + index));
    expect(collect([web], rows).remove).toHaveLength(DEFAULT_COLLECTION_RULES.maxRemovals);
  });
});
