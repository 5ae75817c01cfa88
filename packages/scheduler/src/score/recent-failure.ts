import type { Ask } from '../ask.ts';
import type { SnapshotNode } from '../snapshot.ts';

const FULL_AFTER = 3;

/** Share of three failures of this template that happened on the node: another device is tried first, the last one stays possible. */
export function recentFailure(ask: Ask, node: SnapshotNode): number {
  if (ask.failuresOn.size === 0) return 0;
  return Math.min(1, (ask.failuresOn.get(node.row.id) ?? 0) / FULL_AFTER);
}
