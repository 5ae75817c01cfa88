import type { AllocationRow, NodeRow, WorkloadRow } from '@cloudless/proto';
import { buildNodeRow, buildWorkloadRow } from '@cloudless/proto/testing';
import { expect, it } from 'vitest';
import { advanceSnapshot } from '../advance-snapshot.ts';
import { decidePlan, DEFAULT_OPTIONS } from '../decide-plan.ts';
import type { Snapshot } from '../snapshot.ts';
import { createWorld } from '../testing/index.ts';
import { createSettled } from './settled.ts';

const only = buildNodeRow('only');
const web = buildWorkloadRow('web', { replicas: 2 });
const other = buildWorkloadRow('other');

/** `web` at rest on a node, known to need nothing. */
function openAtRest() {
  const world = createWorld([only], [web]);
  world.converge();
  const settled = createSettled();
  const snapshot = world.snapshot();
  decidePlan(snapshot, DEFAULT_OPTIONS, settled);

  /** The node anew, its row as given, with what it holds. */
  function touchNode(before: Snapshot, row: NodeRow, held: readonly AllocationRow[], workloads: readonly WorkloadRow[] = []): Snapshot {
    return advanceSnapshot(before, {
      revision: before.revision + 1,
      now: before.now,
      seed: 1,
      nodes: new Set([row.id]),
      workloads: new Set(workloads.map(({ id }) => id)),
      nodeRow: () => row,
      workloadRow: (id) => workloads.find((one) => one.id === id),
      allocationsOfWorkload: (id) => held.filter(({ workloadId }) => workloadId === id).map((one) => ({ row: one, version: 1 })),
      allocationsOnNode: () => held.map((one) => ({ row: one })),
    });
  }
  return { settled, snapshot, held: world.allocations(), touchNode };
}

it('what is at rest stays so when something else is placed beside it', () => {
  const { settled, snapshot, held, touchNode } = openAtRest();
  const [first] = held;
  const beside = first ? [{ ...first, id: 'alloc_beside' as AllocationRow['id'], workloadId: other.id }] : [];
  const after = touchNode(snapshot, only, [...held, ...beside], [other]);
  expect(after.nodes.get(only.id)?.remaining).not.toEqual(snapshot.nodes.get(only.id)?.remaining);
  expect(settled.holds(after, web)).toBe(true);
});

it('what is at rest is decided anew when its node changes, or is lent for something else', () => {
  const { settled, snapshot, held, touchNode } = openAtRest();
  expect(settled.holds(touchNode(snapshot, { ...only, schedulable: false }, held), web)).toBe(false);
  const lent = { ...only, lending: { memoryBytes: 1 } };
  const unlent = touchNode(snapshot, lent, held);
  expect(unlent.nodes.get(only.id)?.unlent.size).toBeGreaterThan(0);
  expect(settled.holds(unlent, web)).toBe(false);
});
