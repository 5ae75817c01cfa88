import type { ClusterEvent, EventId, WorkloadRow } from '@cloudless/proto';

/** As the API tells that a person made a workload. */
export const createdEvent = (row: WorkloadRow, id: EventId, at = 1): Omit<ClusterEvent, 'revision'> => ({
  id,
  at,
  kind: 'workload.created',
  severity: 'info',
  orgId: row.orgId,
  workloadId: row.id,
  actor: { kind: 'system', name: 'test' },
  params: {},
  message: `${row.name} was created`,
});
