import { effectiveResources, isTerminalPhase } from '@cloudless/proto';
import type { Checker } from './checker.ts';

/** A device may shrink under what it holds; what is placed on it fits into what it lends at that moment. */
export const room: Checker = {
  name: 'nothing is placed where it does not fit',
  onCommit({ changes, revision }, store) {
    for (const change of changes) {
      if (change.kind !== 'put' || change.table !== 'allocation' || change.before !== undefined) continue;
      const node = store.get('node', change.row.nodeId)?.row;
      if (!node) return `${change.row.id} was placed on ${change.row.nodeId}, which does not exist`;
      const reserved = { cpuMillicores: 0, memoryBytes: 0 };
      for (const { row } of store.allocationsOfNode(node.id)) {
        if (isTerminalPhase(row.observed.phase)) continue;
        const { requests } = effectiveResources(row.spec);
        reserved.cpuMillicores += requests.cpuMillicores;
        reserved.memoryBytes += requests.memoryBytes;
      }
      for (const quantity of ['cpuMillicores', 'memoryBytes'] as const) {
        if (reserved[quantity] > node.allocatable[quantity])
          return `${node.name} lends ${node.allocatable[quantity]} ${quantity} and holds ${reserved[quantity]} at revision ${revision}`;
      }
    }
    return undefined;
  },
};
