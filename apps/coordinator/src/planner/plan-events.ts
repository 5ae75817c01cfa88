import type { AllocationRow, Cause, ClusterEvent, Unplaced, WorkloadRow } from '@cloudless/proto';

/** An event as its sentence and subject; id and time are given where the batch is made. */
export type PlanEvent = Omit<ClusterEvent, 'id' | 'at' | 'revision' | 'causeEventId'>;

const ACTOR = { kind: 'system', name: 'scheduler' } as const;
/** The contract's limit. */
const MESSAGE_LIMIT = 4000;

const nameOf = (row: AllocationRow): string => `${row.workloadName}[${row.slot}]`;

type Subject = Pick<PlanEvent, 'orgId' | 'projectId' | 'workloadId' | 'allocationId' | 'nodeId' | 'actor'>;
const subjectOf = (row: AllocationRow): Subject => ({
  orgId: row.orgId,
  projectId: row.projectId,
  workloadId: row.workloadId,
  allocationId: row.id,
  nodeId: row.nodeId,
  actor: ACTOR,
});

/** The cause beneath the cause: its code and words stand aside, as `code` and `cause` are those above it. */
function beneath({ params = {} }: Cause): PlanEvent['params'] {
  const { code, cause } = params;
  return code === undefined || cause === undefined ? {} : { beneathCode: code, beneath: cause };
}

const paramsOf = (row: AllocationRow, node: string, cause: Cause): PlanEvent['params'] => ({
  ...cause.params,
  ...beneath(cause),
  workload: row.workloadName,
  slot: row.slot,
  node,
  code: cause.code,
  cause: cause.message,
});

/** Where a replica goes, why there, and why at all. */
export function placedEvent(row: AllocationRow, node: string): PlanEvent {
  const cause = row.desiredCause;
  return {
    ...subjectOf(row),
    kind: 'allocation.placed',
    severity: 'info',
    params: { ...paramsOf(row, node, cause), reason: row.placement.message, score: row.placement.score },
    message: `${nameOf(row)} goes to ${node}: ${row.placement.message}. Why now: ${cause.message}`.slice(0, MESSAGE_LIMIT),
  };
}

/** A replica is told to stop, or given up with its node, and why. */
export function stopRequestedEvent(row: AllocationRow, node: string, cause: Cause): PlanEvent {
  return {
    ...subjectOf(row),
    kind: 'allocation.stopRequested',
    severity: cause.code === 'failed' || cause.code === 'nodeLost' ? 'warning' : 'info',
    params: paramsOf(row, node, cause),
    message: `${nameOf(row)} on ${node} is to stop: ${cause.message}`.slice(0, MESSAGE_LIMIT),
  };
}

/** Slots that no node takes, with the explanation of the first. */
export function unplacedEvent(workload: WorkloadRow, unplaced: readonly [Unplaced, ...Unplaced[]]): PlanEvent {
  const [first] = unplaced;
  const reasons = first.reasons.map((reason) => reason.message).join('; ');
  const remedy = first.remedy?.message ?? '';
  return {
    orgId: workload.orgId,
    projectId: workload.projectId,
    workloadId: workload.id,
    actor: ACTOR,
    kind: 'workload.unplaced',
    severity: 'warning',
    params: {
      ...first.remedy?.params,
      // One reason can be said in any language; of several, what is told is the sentence that joins them.
      ...(first.reasons.length === 1 ? first.reasons[0]?.params : {}),
      reasons: first.reasons.length,
      workload: workload.name,
      missing: unplaced.length,
      replicas: workload.spec.replicas,
      nodeCount: first.nodeCount,
      filter: first.reasons[0]?.filter ?? 'nodes',
      cause: reasons,
      remedyCode: first.remedy?.code ?? '',
      remedy,
    },
    message:
      `${unplaced.length} of ${workload.spec.replicas} replicas of ${workload.name} have no device: ${reasons}${remedy ? `. What would help: ${remedy}` : ''}`.slice(
        0,
        MESSAGE_LIMIT,
      ),
  };
}

export const deletedEvent = (workload: WorkloadRow): PlanEvent => ({
  orgId: workload.orgId,
  projectId: workload.projectId,
  workloadId: workload.id,
  actor: ACTOR,
  kind: 'workload.deleted',
  severity: 'info',
  params: { workload: workload.name },
  message: `${workload.name} is deleted: its last replica is gone`,
});
