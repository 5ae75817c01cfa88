import fc from 'fast-check';
import type { AllocationId, AllocationRow, NodeId, NodeRow, WorkloadId, WorkloadRow } from '@cloudless/proto';
import { buildAllocationRow, buildNodeRow, buildObserved, buildWorkloadRow } from '@cloudless/proto/testing';
import { expect, it } from 'vitest';
import { advanceSnapshot } from './advance-snapshot.ts';
import { decidePlan, DEFAULT_OPTIONS } from './decide-plan.ts';
import { createSettled } from './reconcile/settled.ts';
import { createSnapshot, type Snapshot, type SnapshotAllocation } from './snapshot.ts';

const NAMES = ['ash', 'beech', 'cedar', 'doum'];
const nodeRows = NAMES.map((name) => buildNodeRow(name));
const workloadRows = NAMES.map((name) =>
  buildWorkloadRow(name, { ports: [{ name: 'http', containerPort: 80, hostPort: 8080, protocol: 'TCP' }] }),
);

/** One change of a row: which table, which of its rows, and what becomes of it. */
const step = fc.record({
  table: fc.constantFrom('node', 'workload', 'allocation', 'allocation'),
  which: fc.nat(11),
  what: fc.constantFrom('put', 'put', 'end', 'remove'),
  online: fc.boolean(),
  lentBytes: fc.constantFrom(undefined, 0, 2 ** 40),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Rows as a store keeps them, and which of them changed since they were last looked at. */
function createRows() {
  const nodes = new Map<NodeId, NodeRow>();
  const workloads = new Map<WorkloadId, WorkloadRow>();
  const allocations = new Map<AllocationId, SnapshotAllocation>();
  const touched = { nodes: new Set<NodeId>(), workloads: new Set<WorkloadId>() };
  /** Ids never come back. */
  const gone = new Set<string>();
  let revision = 1;

  /** @returns whether anything changed */
  function put<Id extends string, Row>(table: Map<Id, Row>, id: Id, row: Row | undefined): boolean {
    if (gone.has(id) || (!row && !table.has(id))) return false;
    if (row) table.set(id, row);
    else if (table.delete(id)) gone.add(id);
    return true;
  }

  function takeAllocation({ which, what }: Step): void {
    const node = nodeRows[which % 4];
    const workload = workloadRows[(which >> 2) % 4];
    // Placed where there is a device, and kept when that goes.
    if (!node || !workload || !(nodes.has(node.id) || gone.has(node.id))) return;
    const id = `alloc_${which}` as AllocationId;
    const observed = buildObserved({ phase: what === 'end' ? 'stopped' : 'running' });
    const row: AllocationRow = { ...buildAllocationRow(workload, node, 0, { observed }), id };
    if (!put(allocations, id, what === 'remove' ? undefined : { row, version: revision })) return;
    touched.nodes.add(node.id);
    touched.workloads.add(workload.id);
  }

  const counts = () => ({
    silentMs: new Map([...nodes.values()].filter(({ state }) => state.word === 'unreachable').map(({ id }) => [id, revision] as const)),
    leaseLeftMs: new Map([...allocations.keys()].map((id) => [id, revision] as const)),
  });

  return {
    take(change: Step): void {
      revision += 1;
      if (change.table === 'allocation') return takeAllocation(change);
      const node = nodeRows[change.which % 4];
      const workload = workloadRows[change.which % 4];
      if (change.table === 'node' && node) {
        const lending = change.lentBytes === undefined ? {} : { memoryBytes: change.lentBytes };
        const state = { ...node.state, word: change.online ? ('online' as const) : ('unreachable' as const) };
        if (put(nodes, node.id, change.what === 'remove' ? undefined : { ...node, state, lending })) touched.nodes.add(node.id);
      } else if (workload) {
        const next = change.what === 'remove' ? undefined : { ...workload, generation: revision };
        if (put(workloads, workload.id, next)) touched.workloads.add(workload.id);
      }
    },
    whole: (): Snapshot =>
      createSnapshot({
        revision,
        now: revision,
        seed: revision,
        nodes: nodes.values(),
        workloads: workloads.values(),
        allocations: allocations.values(),
        ...counts(),
      }),
    advance(before: Snapshot): Snapshot {
      const of = (isIn: (row: AllocationRow) => boolean) => [...allocations.values()].filter(({ row }) => isIn(row));
      const after = advanceSnapshot(before, {
        revision,
        now: revision,
        seed: revision,
        ...counts(),
        nodes: new Set(touched.nodes),
        workloads: new Set(touched.workloads),
        nodeRow: (id) => nodes.get(id),
        workloadRow: (id) => workloads.get(id),
        allocationsOfWorkload: (id) => of((row) => row.workloadId === id),
        allocationsOnNode: (id) => of((row) => row.nodeId === id),
      });
      touched.nodes.clear();
      touched.workloads.clear();
      return after;
    },
  };
}

it('what was found to need nothing is not decided again, and the plan is the same', () => {
  fc.assert(
    fc.property(fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 12 }), (batches) => {
      const rows = createRows();
      const settled = createSettled();
      let snapshot = rows.whole();
      for (const batch of batches) {
        for (const change of batch) rows.take(change);
        snapshot = rows.advance(snapshot);
        expect(decidePlan(snapshot, DEFAULT_OPTIONS, settled)).toEqual(decidePlan(snapshot));
        expect(decidePlan(snapshot, DEFAULT_OPTIONS, settled)).toEqual(decidePlan(snapshot));
      }
    }),
    { numRuns: 300 },
  );
});

it('a snapshot that is led on through any changes is the one that all rows give, and the one before stays as it was', () => {
  fc.assert(
    fc.property(fc.array(fc.array(step, { maxLength: 6 }), { maxLength: 12 }), (batches) => {
      const rows = createRows();
      let snapshot = rows.whole();
      for (const batch of batches) {
        const before = snapshot;
        const kept = structuredClone(before);
        for (const change of batch) rows.take(change);
        snapshot = rows.advance(before);
        expect(snapshot).toEqual(rows.whole());
        expect(before).toEqual(kept);
      }
    }),
    { numRuns: 200 },
  );
});
