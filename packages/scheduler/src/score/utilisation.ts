import type { Ask } from '../ask.ts';
import type { SnapshotNode } from '../snapshot.ts';

const freeShare = (free: number, whole: number): number => (whole > 0 ? Math.max(0, free) / whole : 0);

/**
 * How full the node would be, 0 (empty) to 1 (full): best fit, `(20 − 10^freeCpu − 10^freeMemory) / 18` with the shares left free
 * after placing. The exponent prefers evenly filled nodes over ones full in a single dimension ("BestFit v3", Google, as in Nomad).
 */
export function utilisation(ask: Ask, node: SnapshotNode): number {
  const cpu = freeShare(node.remaining.cpuMillicores - ask.requests.cpuMillicores, node.row.allocatable.cpuMillicores);
  const memory = freeShare(node.remaining.memoryBytes - ask.requests.memoryBytes, node.row.allocatable.memoryBytes);
  return (20 - Math.exp(cpu * Math.LN10) - Math.exp(memory * Math.LN10)) / 18;
}

/**
 * The most that `utilisation` can be with these shares left free in sum, whatever their parts: `10^a + 10^b ≥ 2 · 10^((a + b) / 2)`. Turned
 * round: the sum of free shares beyond which a node is below `least`.
 */
export const freeSumAt = (least: number): number => 2 * Math.log10(Math.max(1, (20 - 18 * least) / 2));

/** The sum of the shares that would be left free. */
export const freeSum = (ask: Ask, node: SnapshotNode): number =>
  freeShare(node.remaining.cpuMillicores - ask.requests.cpuMillicores, node.row.allocatable.cpuMillicores) +
  freeShare(node.remaining.memoryBytes - ask.requests.memoryBytes, node.row.allocatable.memoryBytes);
