import type { Store } from '@cloudless/db';
import type { AllocationRow, ClusterEvent } from '@cloudless/proto';
import type { Checker } from './checker.ts';

function judgeAllocation({ id, orgId, workloadId, nodeId }: AllocationRow, store: Store): string | undefined {
  const workload = store.get('workload', workloadId)?.row;
  const node = store.get('node', nodeId)?.row;
  if (workload && workload.orgId !== orgId) return `${id} is of ${orgId}, and its app of ${workload.orgId}`;
  return node && node.orgId !== orgId ? `${id} of ${orgId} is placed on ${node.name}, which is of ${node.orgId}` : undefined;
}

function judgeEvent({ id, orgId, workloadId, nodeId }: ClusterEvent, store: Store): string | undefined {
  const workload = workloadId && store.get('workload', workloadId)?.row;
  if (workload && workload.orgId !== orgId) return `the event ${id} is told to ${orgId}, and is about an app of ${workload.orgId}`;
  const node = nodeId && store.get('node', nodeId)?.row;
  return node && node.orgId !== orgId ? `the event ${id} is told to ${orgId}, and is about a device of ${node.orgId}` : undefined;
}

/** Nobody's apps run on another organisation's devices, and nobody hears of them. */
export const organisations: Checker = {
  name: 'nobody reads or changes what is another organisation’s',
  onCommit({ changes }, store) {
    for (const change of changes) {
      const fault =
        change.kind === 'event'
          ? judgeEvent(change.event, store)
          : change.kind === 'put' && change.table === 'allocation'
            ? judgeAllocation(change.row, store)
            : undefined;
      if (fault !== undefined) return fault;
    }
    return undefined;
  },
  look({ devices, newestStore }) {
    for (const { identity, engine } of devices) {
      for (const { allocationId } of engine.containers) {
        const row = newestStore?.get('allocation', allocationId)?.row;
        if (row && row.nodeId !== identity.nodeId) return `${identity.name} holds ${allocationId}, which is of another device`;
      }
    }
    return undefined;
  },
};
