import type { AllocationId, AllocationRow, NodeId, NodeRow, WorkloadId, WorkloadRow } from '@cloudless/proto';
import { isHeard, judgeNode, type Snapshot, type SnapshotAllocation, type SnapshotNode } from './snapshot.ts';

/** What happened since a snapshot: which rows, and how they are now. */
export type SnapshotChanges = {
  readonly revision: number;
  readonly now: number;
  readonly seed: number;
  /** Nodes whose own row changed, or a row of an allocation on them. */
  readonly nodes: ReadonlySet<NodeId>;
  /** Workloads whose own row changed, or a row of one of their allocations. */
  readonly workloads: ReadonlySet<WorkloadId>;
  /** Rows at `revision`; `undefined`: there is none. */
  nodeRow(id: NodeId): NodeRow | undefined;
  workloadRow(id: WorkloadId): WorkloadRow | undefined;
  allocationsOfWorkload(id: WorkloadId): readonly SnapshotAllocation[];
  allocationsOnNode(id: NodeId): readonly { readonly row: AllocationRow }[];
  /** As counted now: of every node that does not answer, and of every exclusive allocation. */
  readonly silentMs?: ReadonlyMap<NodeId, number>;
  readonly leaseLeftMs?: ReadonlyMap<AllocationId, number>;
};

/**
 * The snapshot as it is after some changes: the same as `createSnapshot` of all rows, at the cost of those that changed. What did not change
 * is shared with the one before, which stays as it was.
 */
export function advanceSnapshot(before: Snapshot, changes: SnapshotChanges): Snapshot {
  const { revision, now, seed, leaseLeftMs = new Map() } = changes;
  return { ...advanceNodes(before, changes), ...advanceWorkloads(before, changes), revision, now, seed, leaseLeftMs };
}

function advanceNodes(before: Snapshot, changes: SnapshotChanges): Pick<Snapshot, 'nodes' | 'nodesOfOrg'> {
  const touched = new Set(changes.nodes);
  // Silence grows without a change of any row.
  for (const node of before.nodes.values()) if (!isHeard(node)) touched.add(node.row.id);
  if (touched.size === 0) return { nodes: before.nodes, nodesOfOrg: before.nodesOfOrg };
  const nodes = new Map(before.nodes);
  const changed = new Map<NodeId, SnapshotNode | undefined>();
  const nodesOfOrg = new Map(before.nodesOfOrg);
  for (const id of touched) {
    const row = changes.nodeRow(id);
    const node = row && judgeNode(row, changes.allocationsOnNode(id), changes.silentMs?.get(id));
    if (node) nodes.set(id, node);
    else nodes.delete(id);
    if (before.nodes.has(id)) changed.set(id, node);
    else if (node) nodesOfOrg.set(node.row.orgId, [...(nodesOfOrg.get(node.row.orgId) ?? []), node]);
  }
  for (const [orgId, list] of nodesOfOrg) {
    const replaced = replaceIn(list, changed);
    if (replaced.length > 0) nodesOfOrg.set(orgId, replaced);
    else nodesOfOrg.delete(orgId);
  }
  return { nodes, nodesOfOrg };
}

/** Keeps the order, which is that of the rows in the store. */
function replaceIn(list: readonly SnapshotNode[], changed: ReadonlyMap<NodeId, SnapshotNode | undefined>): readonly SnapshotNode[] {
  let isAnyGone = false;
  const replaced = list.map((node) => {
    if (!changed.has(node.row.id)) return node;
    const next = changed.get(node.row.id);
    isAnyGone ||= next === undefined;
    return next ?? node;
  });
  return isAnyGone ? replaced.filter((node) => !changed.has(node.row.id) || changed.get(node.row.id) !== undefined) : replaced;
}

function advanceWorkloads(before: Snapshot, changes: SnapshotChanges): Pick<Snapshot, 'workloads' | 'allocationsOf'> {
  if (changes.workloads.size === 0) return { workloads: before.workloads, allocationsOf: before.allocationsOf };
  const workloads = new Map(before.workloads);
  const allocationsOf = new Map(before.allocationsOf);
  for (const id of changes.workloads) {
    const row = changes.workloadRow(id);
    if (row) workloads.set(id, row);
    else workloads.delete(id);
    const allocations = changes.allocationsOfWorkload(id);
    if (allocations.length > 0) allocationsOf.set(id, allocations);
    else allocationsOf.delete(id);
  }
  return { workloads, allocationsOf };
}
