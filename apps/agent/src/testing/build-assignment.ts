import { workloadSpecSchema, type Assignment, type ClusterId, type NodeId, type WorkloadSpecInput } from '@cloudless/proto';
import { buildAllocationRow, buildNodeRow, buildWorkloadRow } from '@cloudless/proto/testing';
import type { AgentIdentity } from '../state/state.ts';

/** An assignment of slot `slot` of the workload `name`. */
export function buildAssignment(
  name = 'web',
  spec: Partial<WorkloadSpecInput> = {},
  overrides: Partial<Assignment> = {},
  slot = 0,
): Assignment {
  const row = buildAllocationRow(buildWorkloadRow(name), buildNodeRow(), slot);
  const { id, orgId, projectId, workloadId, workloadName } = row;
  const ports = [{ name: 'http', containerPort: 8080 }];
  return {
    allocationId: id,
    orgId,
    projectId,
    workloadId,
    workloadName,
    slot,
    generation: 1,
    desired: 'running',
    spec: workloadSpecSchema.parse({ image: 'example/web:1', ports, ...spec }),
    ...overrides,
  };
}

export function buildIdentity(name = 'laptop'): AgentIdentity {
  const { id } = buildNodeRow(name);
  return { nodeId: id as NodeId, clusterId: `cluster_${'a'.repeat(26)}` as ClusterId, name, privateKey: '', certificate: '', bundle: '' };
}
