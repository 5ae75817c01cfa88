import type { Store } from '@cloudless/db';
import type { Clock } from '@cloudless/kernel';
import { effectiveResources, isTerminalPhase, type NodeId, type NodeRow, type Resources } from '@cloudless/proto';
import type { Checker } from './checker.ts';

/**
 * A device that lends less than before may get what was decided just before that was known: placements carry no guard on the row of
 * their device. Longer than any write is under way.
 */
const UNDER_WAY_MS = 10_000;
const QUANTITIES = ['cpuMillicores', 'memoryBytes', 'storageBytes'] as const;

function reservedOn(store: Store, nodeId: NodeId): Resources {
  const reserved = { cpuMillicores: 0, memoryBytes: 0, storageBytes: 0 };
  for (const { row } of store.allocationsOfNode(nodeId)) {
    if (isTerminalPhase(row.observed.phase)) continue;
    const { requests } = effectiveResources(row.spec);
    for (const quantity of QUANTITIES) reserved[quantity] += requests[quantity];
  }
  return reserved;
}

/** A device may shrink under what it holds; what is placed on it fits into what it lends. */
export function createRoom(clock: Pick<Clock, 'bootMs'>): Checker {
  const before = new Map<NodeId, { readonly allocatable: Resources; readonly untilMs: number }>();

  function lentBy(node: NodeRow): Resources {
    const earlier = before.get(node.id);
    if (!earlier || earlier.untilMs < clock.bootMs()) return node.allocatable;
    const most = (quantity: (typeof QUANTITIES)[number]): number => Math.max(node.allocatable[quantity], earlier.allocatable[quantity]);
    return { cpuMillicores: most('cpuMillicores'), memoryBytes: most('memoryBytes'), storageBytes: most('storageBytes') };
  }

  return {
    name: 'nothing is placed where it does not fit',
    onCommit({ changes, revision }, store) {
      for (const change of changes) {
        if (change.kind !== 'put') continue;
        if (change.table === 'node' && change.before && change.before.allocatable.memoryBytes > change.row.allocatable.memoryBytes)
          before.set(change.row.id, { allocatable: change.before.allocatable, untilMs: clock.bootMs() + UNDER_WAY_MS });
        if (change.table !== 'allocation' || change.before !== undefined) continue;
        const found = store.get('node', change.row.nodeId);
        if (!found) return `${change.row.id} was placed on ${change.row.nodeId}, which does not exist`;
        // Batches of one group are in memory before the first of them is told: this device changed after the placement.
        if (found.version > revision) continue;
        const node = found.row;
        const [lent, reserved] = [lentBy(node), reservedOn(store, node.id)];
        for (const quantity of QUANTITIES) {
          if (reserved[quantity] > lent[quantity])
            return `${node.name} lends ${lent[quantity]} ${quantity} and holds ${reserved[quantity]} at revision ${revision}`;
        }
      }
      return undefined;
    },
  };
}
