import type { AllocationId, AllocationRow, WorkloadRow } from '@cloudless/proto';
import type { Placement, Stop, Update } from '@cloudless/scheduler';

/** The row of a new allocation: pending until its agent says otherwise. */
export function placedRow(id: AllocationId, workload: WorkloadRow, placement: Placement, nodeName: string, now: number): AllocationRow {
  const { slot, nodeId, templateGeneration, score, terms, message, params, cause } = placement;
  return {
    id,
    orgId: workload.orgId,
    projectId: workload.projectId,
    workloadId: workload.id,
    workloadName: workload.name,
    nodeId,
    slot,
    templateGeneration,
    spec: workload.spec,
    desired: 'running',
    desiredGeneration: 1,
    desiredCause: cause,
    placement: { score, terms: { ...terms }, message, params: { ...params } },
    observed: {
      phase: 'pending',
      ready: false,
      cause: { code: 'placed', message: `waits for ${nodeName} to take it up`, params: { node: nodeName } },
      restarts: 0,
      sinceAt: now,
      generation: 0,
      hostPorts: {},
    },
    createdAt: now,
    updatedAt: now,
  };
}

export const updatedRow = (row: AllocationRow, { spec, cause }: Update, now: number): AllocationRow => ({
  ...row,
  spec,
  desiredGeneration: row.desiredGeneration + 1,
  desiredCause: cause,
  updatedAt: now,
});

export const stoppedRow = (row: AllocationRow, { cause }: Stop, now: number): AllocationRow => ({
  ...row,
  desired: 'stopped',
  desiredGeneration: row.desiredGeneration + 1,
  desiredCause: cause,
  updatedAt: now,
});
