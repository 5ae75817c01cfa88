import type { NodeId } from '@cloudless/proto';
import type { SnapshotNode } from './snapshot.ts';

export type NodeChanges = {
  /** How nodes of the table are now; `undefined`: gone. Others are passed over. */
  readonly changed: ReadonlyMap<NodeId, SnapshotNode | undefined>;
  /** Nodes that are new, for its end. */
  readonly added: readonly SnapshotNode[];
};

/**
 * Nodes by id, in an order that stays, as a snapshot holds them: never changed after it is made. A Map of thousands takes half a millisecond to copy for each
 * placement; of this, only an array is copied, and tables that follow each other share what tells the positions.
 *
 * A class, so that two are compared by what they hold.
 */
export class NodeTable {
  readonly nodes: readonly SnapshotNode[];
  /** May know of nodes that only a later table has. */
  readonly #positions: Map<NodeId, number>;

  constructor(nodes: readonly SnapshotNode[], positions = indexOf(nodes)) {
    this.nodes = nodes;
    this.#positions = positions;
  }

  /** Where the node stands; -1 when it is not there. */
  positionOf(id: NodeId): number {
    const position = this.#positions.get(id) ?? -1;
    return this.nodes[position]?.row.id === id ? position : -1;
  }

  get(id: NodeId): SnapshotNode | undefined {
    return this.nodes[this.positionOf(id)];
  }

  has(id: NodeId): boolean {
    return this.positionOf(id) >= 0;
  }

  /** The table after some changes. */
  advance({ changed, added }: NodeChanges): NodeTable {
    if (hasLost(this, changed)) {
      const left = this.nodes.flatMap((node) => (changed.has(node.row.id) ? (changed.get(node.row.id) ?? []) : node));
      return new NodeTable([...left, ...added]);
    }
    const nodes = this.nodes.slice();
    for (const [id, node] of changed) {
      const position = this.positionOf(id);
      if (node && position >= 0) nodes[position] = node;
    }
    if (added.length === 0) return new NodeTable(nodes, this.#positions);
    // Only the newest of those that share it may add to it: another would give the same places to others.
    const positions = this.#positions.size === this.nodes.length ? this.#positions : indexOf(this.nodes);
    for (const node of added) positions.set(node.row.id, nodes.push(node) - 1);
    return new NodeTable(nodes, positions);
  }
}

export function hasLost(table: NodeTable, changed: NodeChanges['changed']): boolean {
  for (const [id, node] of changed) if (node === undefined && table.has(id)) return true;
  return false;
}

const indexOf = (nodes: readonly SnapshotNode[]): Map<NodeId, number> => new Map(nodes.map(({ row }, position) => [row.id, position]));
