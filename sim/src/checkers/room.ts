import type { Store } from '@cloudless/db';
import { effectiveResources, isTerminalPhase, type NodeId, type Resources } from '@cloudless/proto';
import type { Checker } from './checker.ts';

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
export const room: Checker = {
  name: 'nothing is placed where it does not fit',
  onCommit({ changes, revision }, store) {
    for (const change of changes) {
      if (change.kind !== 'put' || change.table !== 'allocation' || change.before !== undefined) continue;
      const found = store.get('node', change.row.nodeId);
      if (!found) return `${change.row.id} was placed on ${change.row.nodeId}, which does not exist`;
      // Batches of one group are in memory before the first of them is told: this device changed after the placement.
      if (found.version > revision) continue;
      const { name, id, allocatable } = found.row;
      const reserved = reservedOn(store, id);
      for (const quantity of QUANTITIES) {
        if (reserved[quantity] > allocatable[quantity])
          return `${name} lends ${allocatable[quantity]} ${quantity} and holds ${reserved[quantity]} at revision ${revision}`;
      }
    }
    return undefined;
  },
};
