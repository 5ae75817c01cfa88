import type { IncomingHttpHeaders } from 'node:http';
import type { Versioned } from '@cloudless/db';
import {
  effectiveResources,
  isTerminalPhase,
  type Allocation,
  type AllocationRow,
  type CloudlessNode,
  type NodeRow,
  type Workload,
  type WorkloadRow,
} from '@cloudless/proto';
import { computeStatus, isReserving } from '@cloudless/scheduler';
import { appUrl } from '../gateway/app-url.ts';
import type { ApiParts } from '../parts.ts';

export type ViewParts = Pick<ApiParts, 'store' | 'sessions' | 'enrolment' | 'unplacedOf'>;

/** Rows as people see them: what is stored, with what is computed and observed beside it. */
export function createViews({ store, sessions, enrolment, unplacedOf }: ViewParts) {
  const findNode = (nodeId: NodeRow['id']): NodeRow | undefined => store.get('node', nodeId)?.row;

  function viewNode(row: NodeRow): CloudlessNode {
    const allocations = store.allocationsOfNode(row.id).map((versioned) => versioned.row);
    const requested = { cpuMillicores: 0, memoryBytes: 0, storageBytes: 0 };
    for (const { spec } of allocations.filter(isReserving)) {
      const { requests } = effectiveResources(spec);
      requested.cpuMillicores += requests.cpuMillicores;
      requested.memoryBytes += requests.memoryBytes;
      requested.storageBytes += requests.storageBytes;
    }
    const used = sessions.lastUsage(row.id);
    const { heartbeat, command } = sessions.channels(row.id);
    return {
      ...row,
      requested,
      ...(used ? { used } : {}),
      channels: { heartbeat: { ...heartbeat }, command: { ...command } },
      allocationCount: allocations.filter(({ observed }) => !isTerminalPhase(observed.phase)).length,
      local: enrolment.localNodeId() === row.id,
    };
  }

  function viewWorkload({ row, version }: Versioned<WorkloadRow>, headers: IncomingHttpHeaders): Workload {
    const allocations = store.allocationsOfWorkload(row.id).map((versioned) => versioned.row);
    return {
      ...row,
      status: computeStatus({ workload: row, allocations, unplaced: unplacedOf(row.id), findNode }),
      ...(row.gatewayPort === undefined ? {} : { url: appUrl(headers, row.gatewayPort) }),
      revision: version,
    };
  }

  function viewAllocation({ spec, ...row }: AllocationRow): Allocation {
    const node = findNode(row.nodeId);
    const heard = node?.state.word === 'online' || node?.state.word === 'degraded';
    return { ...row, nodeName: node?.name ?? row.nodeId, image: spec.image, unreachable: !heard };
  }

  return { viewNode, viewWorkload, viewAllocation };
}
export type Views = ReturnType<typeof createViews>;
