import { isTerminalPhase, type Allocation, type CloudlessNode, type Workload } from '@cloudless/proto';
import { isShutDown } from '#web/states/node-word.ts';

export type Chip = {
  /** Names the replica slot across devices: by it, a chip is seen to move. */
  readonly slotKey: string;
  readonly allocation: Allocation;
};
export type Tile = {
  readonly node: CloudlessNode;
  /** How large it is drawn among the others: 1 is the smallest. */
  readonly weight: number;
  readonly chips: readonly Chip[];
};
export type WaitingApp = { readonly workload: Workload; readonly missing: number };
export type Fabric = { readonly tiles: readonly Tile[]; readonly waiting: readonly WaitingApp[] };

/** A device that lends a hundred times as much is drawn this many times as wide: more would hide the small. */
const MOST = 4;

/** Geometric mean of lent cores and memory: neither alone makes a device large. */
const capacityOf = ({ allocatable }: CloudlessNode): number =>
  Math.sqrt(Math.max(1, allocatable.cpuMillicores) * Math.max(1, allocatable.memoryBytes / 2 ** 20));

function chipsOf(nodeId: string, allocations: readonly Allocation[]): readonly Chip[] {
  return allocations
    .filter((row) => row.nodeId === nodeId && !isTerminalPhase(row.observed.phase))
    .map((allocation) => ({ slotKey: `${allocation.workloadId}:${allocation.slot}`, allocation }));
}

/** What Home draws: every device that has not left (one that is shut down has not), with what it holds, and what no device holds. */
export function composeFabric(nodes: readonly CloudlessNode[], workloads: readonly Workload[], allocations: readonly Allocation[]): Fabric {
  const present = nodes.filter(({ state }) => state.word !== 'left' || isShutDown(state));
  const smallest = Math.min(...present.map(capacityOf));
  return {
    tiles: present.map((node) => ({
      node,
      weight: Math.min(MOST, Math.sqrt(capacityOf(node) / smallest)),
      chips: chipsOf(node.id, allocations),
    })),
    waiting: workloads
      .filter(({ status }) => status.unplaced.length > 0)
      .map((workload) => ({ workload, missing: workload.status.unplaced.length })),
  };
}
