import {
  effectiveResources,
  type AllocationRow,
  type NodeId,
  type OrgId,
  type ProjectId,
  type Resources,
  type WorkloadId,
  type WorkloadRow,
  type WorkloadSpec,
} from '@cloudless/proto';
import { isReserving, type Snapshot } from './snapshot.ts';

/** What every replica of one workload asks of a node. */
export type Ask = {
  readonly orgId: OrgId;
  readonly workloadId: WorkloadId;
  readonly projectId: ProjectId;
  readonly image: string;
  readonly requests: Resources;
  /** Host ports asked for by number, as `TCP/8080`. */
  readonly ports: readonly string[];
  /** Replicas run at most once: only a device that holds leases will do. */
  readonly exclusive: boolean;
  /** Architectures on which this image was found not to run. */
  readonly refusedArches: ReadonlySet<string>;
  /** Replicas of the workload that run or start, by node. */
  readonly replicasOn: ReadonlyMap<NodeId, number>;
  /** Failed allocations of the present template, by node. */
  readonly failuresOn: ReadonlyMap<NodeId, number>;
};

/** Static host ports of a spec, as `TCP/8080`. */
export const staticPortsOf = (spec: WorkloadSpec): string[] =>
  spec.ports.filter((port) => port.hostPort > 0).map((port) => `${port.protocol}/${port.hostPort}`);

/** The ask of a workload, with what earlier tries of the same template taught. */
export function computeAsk(snapshot: Snapshot, workload: WorkloadRow): Ask {
  const refusedArches = new Set<string>();
  const failuresOn = new Map<NodeId, number>();
  const replicasOn = new Map<NodeId, number>();
  for (const { row } of snapshot.allocationsOf.get(workload.id) ?? []) {
    if (row.desired === 'running' && isReserving(row)) replicasOn.set(row.nodeId, (replicasOn.get(row.nodeId) ?? 0) + 1);
    if (row.observed.phase !== 'failed' || row.templateGeneration !== workload.templateGeneration) continue;
    failuresOn.set(row.nodeId, (failuresOn.get(row.nodeId) ?? 0) + 1);
    const arch = refusedArch(snapshot, row);
    if (arch) refusedArches.add(arch);
  }
  return {
    orgId: workload.orgId,
    workloadId: workload.id,
    projectId: workload.projectId,
    image: workload.spec.image,
    requests: effectiveResources(workload.spec).requests,
    ports: staticPortsOf(workload.spec),
    exclusive: workload.spec.exclusive,
    refusedArches,
    failuresOn,
    replicasOn,
  };
}

function refusedArch(snapshot: Snapshot, row: AllocationRow): string | undefined {
  if (row.observed.cause.code !== 'image_platform_mismatch') return undefined;
  return snapshot.nodes.get(row.nodeId)?.row.fingerprint?.arch;
}
