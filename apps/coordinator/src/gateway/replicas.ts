import type { Store } from '@cloudless/db';
import type { AllocationId, NodeId, WorkloadRow } from '@cloudless/proto';

/** A copy of an app that serves. */
export type Replica = { readonly allocationId: AllocationId; readonly nodeId: NodeId; readonly portName: string };

/** Nodes that answer, though perhaps badly. */
const REACHABLE: ReadonlySet<string> = new Set(['online', 'degraded']);

/** The port that an app's URL leads to: its first TCP port. */
export const servedPort = (workload: WorkloadRow): string | undefined => workload.spec.ports.find((port) => port.protocol === 'TCP')?.name;

/** Copies of the app that are ready and on a node that is heard from. */
export function listReadyReplicas(store: Pick<Store, 'get' | 'allocationsOfWorkload'>, workload: WorkloadRow): readonly Replica[] {
  const portName = servedPort(workload);
  if (portName === undefined) return [];
  return store.allocationsOfWorkload(workload.id).flatMap(({ row: { id, nodeId, desired, observed } }) => {
    const node = store.get('node', nodeId)?.row;
    const serves = desired === 'running' && observed.phase === 'running' && observed.ready;
    return serves && node && REACHABLE.has(node.state.word) ? [{ allocationId: id, nodeId, portName }] : [];
  });
}

/** Why nothing serves, in a sentence. */
export function explainNoReplica(store: Pick<Store, 'allocationsOfWorkload'>, workload: WorkloadRow): string {
  if (workload.deletedAt !== undefined) return `${workload.name} is being deleted`;
  if (workload.runState === 'stopped') return `${workload.name} is stopped`;
  if (workload.spec.replicas === 0) return `${workload.name} is scaled to 0`;
  const held = store.allocationsOfWorkload(workload.id).filter(({ row }) => row.desired === 'running');
  const [newest] = held.toSorted((a, b) => b.row.observed.sinceAt - a.row.observed.sinceAt);
  if (!newest) return `no device runs ${workload.name} yet`;
  return `${workload.name} is ${newest.row.observed.phase}: ${newest.row.observed.cause.message}`;
}

export interface ReplicaBalance {
  /** The ready ones, the least busy first, and turn by turn among equals. */
  order(replicas: readonly Replica[]): readonly Replica[];
  /** Counts a request on it until the returned function is called. */
  begin(replica: Replica): () => void;
}

export function createReplicaBalance(): ReplicaBalance {
  const busy = new Map<AllocationId, number>();
  let turn = 0;
  return {
    order(replicas) {
      turn = (turn + 1) % 1_000_000;
      const from = replicas.length === 0 ? 0 : turn % replicas.length;
      const rotated = [...replicas.slice(from), ...replicas.slice(0, from)];
      return rotated.toSorted((a, b) => (busy.get(a.allocationId) ?? 0) - (busy.get(b.allocationId) ?? 0));
    },
    begin({ allocationId }) {
      busy.set(allocationId, (busy.get(allocationId) ?? 0) + 1);
      let ended = false;
      return () => {
        if (ended) return;
        ended = true;
        const left = (busy.get(allocationId) ?? 1) - 1;
        if (left > 0) busy.set(allocationId, left);
        else busy.delete(allocationId);
      };
    },
  };
}
