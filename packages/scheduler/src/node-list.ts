import { hasLost, NodeTable, type NodeChanges } from './node-table.ts';
import type { SnapshotNode } from './snapshot.ts';

/**
 * Nodes of one organisation, and of each the numbers that every search reads. The numbers of a node lie side by side, in one line of the processor's
 * cache; read from its rows, they lie all over the heap. They stand in blocks, so that a node that changes costs the copy of one.
 */
export type NodeList = {
  readonly table: NodeTable;
  readonly nodes: readonly SnapshotNode[];
  /** `CELL.width` numbers for each node, in the order of `nodes`; `BLOCK_NODES` nodes in each but the last. */
  readonly blocks: readonly Float64Array[];
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

const BLOCK_NODES = 1024;

function opennessOf({ isEligible, row }: SnapshotNode): number {
  if (!isEligible) return OPEN.toNobody;
  return row.lending?.projects === undefined ? OPEN.toAll : OPEN.toSomeProjects;
}

function writeCells(cells: Float64Array, at: number, node: SnapshotNode): void {
  const { remaining, row } = node;
  cells[at + CELL.openness] = opennessOf(node);
  cells[at + CELL.cpuLeft] = remaining.cpuMillicores;
  cells[at + CELL.memoryLeft] = remaining.memoryBytes;
  cells[at + CELL.storageLeft] = remaining.storageBytes;
  cells[at + CELL.cpu] = row.allocatable.cpuMillicores;
  cells[at + CELL.memory] = row.allocatable.memoryBytes;
  cells[at + CELL.networkPenalty] = node.networkPenalty;
}

/** The block of the nodes from that position on. */
function createBlock(nodes: readonly SnapshotNode[], from: number): Float64Array {
  const own = nodes.slice(from, from + BLOCK_NODES);
  const cells = new Float64Array(own.length * CELL.width);
  let at = 0;
  for (const node of own) {
    writeCells(cells, at, node);
    at += CELL.width;
  }
  return cells;
}

function listOf(table: NodeTable): NodeList {
  const { nodes } = table;
  const blocks: Float64Array[] = [];
  for (let from = 0; from < nodes.length; from += BLOCK_NODES) blocks.push(createBlock(nodes, from));
  return { table, nodes, blocks };
}

export const createNodeList = (nodes: readonly SnapshotNode[]): NodeList => listOf(new NodeTable(nodes));

/** The list after some changes, at the cost of the blocks in which they stand, unless a node is gone. */
export function advanceNodeList(list: NodeList, changes: NodeChanges): NodeList {
  const table = list.table.advance(changes);
  if (hasLost(list.table, changes.changed)) return listOf(table);
  const { nodes } = table;
  const blocks = list.blocks.slice();
  const copied = new Set<number>();
  function write(position: number): void {
    const block = Math.floor(position / BLOCK_NODES);
    const first = block * BLOCK_NODES;
    if (!copied.has(block)) blocks[block] = copyBlock(blocks[block], Math.min(BLOCK_NODES, nodes.length - first));
    copied.add(block);
    const [cells, node] = [blocks[block], nodes[position]];
    if (cells && node) writeCells(cells, (position - first) * CELL.width, node);
  }
  for (const id of changes.changed.keys()) if (list.table.has(id)) write(list.table.positionOf(id));
  for (let position = list.nodes.length; position < nodes.length; position += 1) write(position);
  return { table, nodes, blocks };
}

function copyBlock(block: Float64Array | undefined, nodes: number): Float64Array {
  const cells = new Float64Array(nodes * CELL.width);
  if (block) cells.set(block);
  return cells;
}

export const NO_NODES: NodeList = createNodeList([]);
