import type { OrgId } from '@cloudless/proto';
import type { Ask } from './ask.ts';
import { NO_NODES, type NodeList } from './node-list.ts';
import type { Snapshot, SnapshotNode } from './snapshot.ts';

/** Nodes of an organisation as a plan leaves them so far. Positions are stable. */
export interface Candidates {
  /** As they were before the plan. */
  readonly list: NodeList;
  /** Those on which the plan has placed something, as they are now, by position. */
  readonly changed: ReadonlyMap<number, SnapshotNode>;
  /** 1 at the position of each of those; absent while there is none. */
  readonly marks: Uint8Array | undefined;
  at(position: number): SnapshotNode | undefined;
  /** All of them as they are now. */
  toArray(): readonly SnapshotNode[];
}

/** What is left while one plan is being made: the snapshot, which is never touched, less what the plan has placed so far. */
export interface Ledger {
  candidatesOf(orgId: OrgId): Candidates;
  reserve(orgId: OrgId, position: number, ask: Ask): void;
}

function createCandidates(list: NodeList) {
  const changed = new Map<number, SnapshotNode>();
  let marks: Uint8Array | undefined;
  const at = (position: number): SnapshotNode | undefined => changed.get(position) ?? list.nodes[position];
  return {
    list,
    changed,
    get marks() {
      return marks;
    },
    at,
    toArray: () => list.nodes.map((node, position) => changed.get(position) ?? node),
    replace(position: number, node: SnapshotNode): void {
      marks ??= new Uint8Array(list.nodes.length);
      marks[position] = 1;
      changed.set(position, node);
    },
  };
}

export function createLedger(snapshot: Snapshot): Ledger {
  const candidates = new Map<OrgId, ReturnType<typeof createCandidates>>();
  const candidatesOf = (orgId: OrgId) => {
    const known = candidates.get(orgId) ?? createCandidates(snapshot.nodesOfOrg.get(orgId) ?? NO_NODES);
    candidates.set(orgId, known);
    return known;
  };
  return {
    candidatesOf,
    reserve(orgId, position, ask) {
      const own = candidatesOf(orgId);
      const node = own.at(position);
      if (node) own.replace(position, withReservation(node, ask));
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
