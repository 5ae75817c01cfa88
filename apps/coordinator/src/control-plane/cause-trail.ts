import type { Change } from '@cloudless/db';
import type { AllocationId, ClusterEvent, EventId, EventKind, NodeId, WorkloadId } from '@cloudless/proto';
import type { PlanEvent } from '../planner/index.ts';

/** Remembers which event last changed what a workload wants, how a node is, and how an allocation ended, so that a decision can name it. */
export interface CauseTrail {
  follow(changes: readonly Change[]): void;
  findCause(event: PlanEvent): EventId | undefined;
}

const WISHES: ReadonlySet<EventKind> = new Set<EventKind>([
  'workload.created',
  'workload.updated',
  'workload.scaled',
  'workload.restarted',
  'workload.stopped',
  'workload.started',
  'workload.deleteRequested',
]);
const NODE_ENDS: ReadonlySet<EventKind> = new Set<EventKind>(['node.lost', 'node.left', 'node.removed']);
const ALLOCATION_ENDS: ReadonlySet<EventKind> = new Set<EventKind>(['allocation.failed', 'allocation.stopped']);

/** Memory only, and bounded by the rows: an entry goes with its row. What happened before this start is not named. */
export function createCauseTrail(): CauseTrail {
  const ofWorkload = new Map<WorkloadId, EventId>();
  const ofNode = new Map<NodeId, EventId>();
  const ofAllocation = new Map<AllocationId, EventId>();

  function remember(event: ClusterEvent): void {
    const { id, kind, workloadId, nodeId, allocationId } = event;
    if (WISHES.has(kind) && workloadId) ofWorkload.set(workloadId, id);
    if (NODE_ENDS.has(kind) && nodeId) ofNode.set(nodeId, id);
    if (ALLOCATION_ENDS.has(kind) && allocationId) ofAllocation.set(allocationId, id);
  }

  function forget(change: Extract<Change, { kind: 'remove' }>): void {
    if (change.table === 'workload') ofWorkload.delete(change.before.id);
    else if (change.table === 'node') ofNode.delete(change.before.id);
    else ofAllocation.delete(change.before.id);
  }

  return {
    follow(changes) {
      for (const change of changes) if (change.kind === 'event') remember(change.event);
      for (const change of changes) if (change.kind === 'remove') forget(change);
    },
    findCause({ workloadId, nodeId, allocationId, params }) {
      const { code } = params;
      if ((code === 'nodeLost' || code === 'nodeRemoved') && nodeId) return ofNode.get(nodeId);
      if (code === 'failed' && allocationId) return ofAllocation.get(allocationId);
      return workloadId && ofWorkload.get(workloadId);
    },
  };
}
