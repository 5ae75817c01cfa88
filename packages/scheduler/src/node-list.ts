import type { SnapshotNode } from './snapshot.ts';

/**
 * Nodes of one organisation, and of each the numbers that every search reads. The numbers of a node lie side by side, in one line of the processor's
 * cache; read from its rows, they lie all over the heap.
 */
export type NodeList = {
  readonly nodes: readonly SnapshotNode[];
  /** `CELL.width` numbers for each node, in the order of `nodes`. */
  readonly cells: Float64Array;
};

/** Where a number of a node stands in its cells. */
export const CELL = {
  openness: 0,
  cpuLeft: 1,
  memoryLeft: 2,
  storageLeft: 3,
  cpu: 4,
  memory: 5,
  networkPenalty: 6,
  width: 8,
} as const;

/** To whom a node is open, as far as the node alone says. */
export const OPEN = { toNobody: 0, toSomeProjects: 1, toAll: 2 } as const;

function opennessOf({ isEligible, row }: SnapshotNode): number {
  if (!isEligible) return OPEN.toNobody;
  return row.lending?.projects === undefined ? OPEN.toAll : OPEN.toSomeProjects;
}

/** Writes the numbers of the node that now stands at a position. */
export function writeCells(cells: Float64Array, position: number, node: SnapshotNode): void {
  const at = position * CELL.width;
  const { remaining, row } = node;
  cells[at + CELL.openness] = opennessOf(node);
  cells[at + CELL.cpuLeft] = remaining.cpuMillicores;
  cells[at + CELL.memoryLeft] = remaining.memoryBytes;
  cells[at + CELL.storageLeft] = remaining.storageBytes;
  cells[at + CELL.cpu] = row.allocatable.cpuMillicores;
  cells[at + CELL.memory] = row.allocatable.memoryBytes;
  cells[at + CELL.networkPenalty] = node.networkPenalty;
}

export function createNodeList(nodes: readonly SnapshotNode[]): NodeList {
  const cells = new Float64Array(nodes.length * CELL.width);
  let position = 0;
  for (const node of nodes) {
    writeCells(cells, position, node);
    position += 1;
  }
  return { nodes, cells };
}

export const NO_NODES: NodeList = createNodeList([]);
