import type { AllocationId, AllocationRow, NodeId, NodeRow, OrgId, WorkloadId, WorkloadRow } from '@cloudless/proto';
import { advanceNodeList, NO_NODES, type NodeList } from './node-list.ts';
import { addTo, judgeNode, type Snapshot, type SnapshotAllocation, type SnapshotNode } from './snapshot.ts';

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
  for (const id of changes.silentMs?.keys() ?? []) touched.add(id);
  if (touched.size === 0) return { nodes: before.nodes, nodesOfOrg: before.nodesOfOrg };
  const changed = new Map<NodeId, SnapshotNode | undefined>();
  const added: SnapshotNode[] = [];
  const addedOf = new Map<OrgId, SnapshotNode[]>();
  for (const id of touched) {
    const row = changes.nodeRow(id);
    const node = row && judgeNode(row, changes.allocationsOnNode(id), changes.silentMs?.get(id));
    if (before.nodes.has(id)) changed.set(id, node);
    else if (node) {
      added.push(node);
      addTo(addedOf, node.row.orgId, node);
    }
  }
  const nodesOfOrg = new Map<OrgId, NodeList>();
  for (const orgId of new Set([...before.nodesOfOrg.keys(), ...addedOf.keys()])) {
    const list = advanceNodeList(before.nodesOfOrg.get(orgId) ?? NO_NODES, { changed, added: addedOf.get(orgId) ?? [] });
    if (list.nodes.length > 0) nodesOfOrg.set(orgId, list);
  }
  return { nodes: before.nodes.advance({ changed, added }), nodesOfOrg };
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
