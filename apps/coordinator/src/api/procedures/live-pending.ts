import type { Change, CommittedBatch } from '@cloudless/db';
import type { AllocationId, AllocationRow, ClusterEvent, Join, NodeId, OrgId, WorkloadId } from '@cloudless/proto';
import type { UsageSample } from '../../node-sessions/index.ts';

/** Events that wait for a slow reader; with more, it lists again. */
const MAX_EVENTS = 500;

export type Taken = {
  /** Newest batch that it holds. */
  readonly revision: number;
  /** Events were dropped. */
  readonly overflow: boolean;
  readonly events: readonly ClusterEvent[];
  readonly nodes: readonly NodeId[];
  readonly workloads: readonly WorkloadId[];
  readonly allocations: readonly AllocationId[];
  readonly usage: readonly UsageSample[];
  readonly joins: readonly Join[];
};

export interface LivePending {
  addBatch(batch: CommittedBatch): void;
  addUsage(sample: UsageSample): void;
  addJoin(join: Join): void;
  /** One of the organisation's that is to be told again, though no row of it changed. */
  addWorkload(id: WorkloadId): void;
  /** All that was added since, and forgets it. */
  take(): Taken;
}

/**
 * What one reader of an organisation has not been told yet. Rows are named only and told as they are when their turn comes, so what waits is
 * bounded by what exists.
 *
 * @param allocationsOf replicas on a device: how they are shown depends on its state
 */
export function createLivePending(orgId: OrgId, allocationsOf: (nodeId: NodeId) => readonly AllocationRow[]): LivePending {
  const nodes = new Set<NodeId>();
  const workloads = new Set<WorkloadId>();
  const allocations = new Set<AllocationId>();
  const usage = new Map<NodeId, UsageSample>();
  const joins = new Map<Join['id'], Join>();
  let events: ClusterEvent[] = [];
  let overflow = false;
  let revision = 0;

  function addAllocation(row: AllocationRow): void {
    allocations.add(row.id);
    workloads.add(row.workloadId);
    nodes.add(row.nodeId);
  }

  function addEvent(event: ClusterEvent): void {
    // Why an app has no device is kept beside its row and told by events only.
    if (event.workloadId !== undefined) workloads.add(event.workloadId);
    if (events.length < MAX_EVENTS) events.push(event);
    else overflow = true;
  }

  function addChange(change: Change): void {
    if (change.kind === 'event') {
      if (change.event.orgId === orgId) addEvent(change.event);
      return;
    }
    const row = change.kind === 'put' ? change.row : change.before;
    if (row.orgId !== orgId) return;
    switch (change.table) {
      case 'allocation':
        return addAllocation(row as AllocationRow);
      case 'workload':
        return void workloads.add(row.id as WorkloadId);
      case 'node':
        nodes.add(row.id as NodeId);
        for (const allocation of allocationsOf(row.id as NodeId)) addAllocation(allocation);
    }
  }

  return {
    addBatch(batch) {
      revision = batch.revision;
      for (const change of batch.changes) addChange(change);
    },
    addUsage: (sample) => void usage.set(sample.nodeId, sample),
    addWorkload: (id) => void workloads.add(id),
    addJoin: (join) => void joins.set(join.id, join),
    take() {
      const taken: Taken = {
        revision,
        overflow,
        events,
        nodes: [...nodes],
        workloads: [...workloads],
        allocations: [...allocations],
        usage: [...usage.values()],
        joins: [...joins.values()],
      };
      for (const names of [nodes, workloads, allocations, usage, joins]) names.clear();
      events = [];
      overflow = false;
      return taken;
    },
  };
}
