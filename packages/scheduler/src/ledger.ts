import type { OrgId } from '@cloudless/proto';
import type { Ask } from './ask.ts';
import type { Snapshot, SnapshotNode } from './snapshot.ts';

/** What is left while one plan is being made: the snapshot less what the plan has placed so far. */
export interface Ledger {
  /** Nodes of an organisation as they are now. Positions are stable. */
  candidatesOf(orgId: OrgId): readonly SnapshotNode[];
  reserve(orgId: OrgId, position: number, ask: Ask): void;
}

/** Copies an organisation's list of nodes at first use and replaces single entries: the snapshot itself is never touched. */
export function createLedger(snapshot: Snapshot): Ledger {
  const lists = new Map<OrgId, SnapshotNode[]>();
  const listOf = (orgId: OrgId): SnapshotNode[] => {
    let list = lists.get(orgId);
    if (!list) lists.set(orgId, (list = [...(snapshot.nodesOfOrg.get(orgId) ?? [])]));
    return list;
  };
  return {
    candidatesOf: listOf,
    reserve(orgId, position, ask) {
      const list = listOf(orgId);
      const node = list[position];
      if (node) list[position] = withReservation(node, ask);
    },
  };
}

function withReservation(node: SnapshotNode, ask: Ask): SnapshotNode {
  return {
    ...node,
    remaining: {
      cpuMillicores: node.remaining.cpuMillicores - ask.requests.cpuMillicores,
      memoryBytes: node.remaining.memoryBytes - ask.requests.memoryBytes,
      storageBytes: node.remaining.storageBytes - ask.requests.storageBytes,
    },
    takenPorts: ask.ports.length > 0 ? new Set([...node.takenPorts, ...ask.ports]) : node.takenPorts,
  };
}
