import type { Ask } from '../ask.ts';
import type { SnapshotNode } from '../snapshot.ts';

/**
 * What other replicas of the same workload on the node cost, 0 (none) towards 1: the first costs half, so that a free device wins over
 * any that holds one, and a second on every device is no worse than it must be (job anti-affinity, as in Nomad).
 */
export function crowding(ask: Ask, node: SnapshotNode): number {
  if (ask.replicasOn.size === 0) return 0;
  const count = ask.replicasOn.get(node.row.id) ?? 0;
  return count / (count + 1);
}
