import type { Ask } from '../ask.ts';
import type { SnapshotNode } from '../snapshot.ts';

const freeShare = (free: number, whole: number): number => (whole > 0 ? Math.max(0, free) / whole : 0);

/**
 * How full a node would be, 0 (empty) to 1 (full): best fit, `(20 − 10^freeCpu − 10^freeMemory) / 18` with the shares left free
 * after placing. The exponent prefers evenly filled nodes over ones full in a single dimension ("BestFit v3", Google, as in Nomad).
 */
export const utilisationOf = (freeCpu: number, freeMemory: number): number =>
  (20 - Math.exp(freeCpu * Math.LN10) - Math.exp(freeMemory * Math.LN10)) / 18;

/** `utilisationOf` a node with the ask on it. */
export const utilisation = ({ requests }: Ask, { remaining, row: { allocatable } }: SnapshotNode): number =>
  utilisationOf(
    freeShare(remaining.cpuMillicores - requests.cpuMillicores, allocatable.cpuMillicores),
    freeShare(remaining.memoryBytes - requests.memoryBytes, allocatable.memoryBytes),
  );

/**
 * The most that `utilisationOf` can be with these shares left free in sum, whatever their parts: `10^a + 10^b ≥ 2 · 10^((a + b) / 2)`. Turned
 * round: the sum of free shares beyond which a node is below `least`.
 */
export const freeSumAt = (least: number): number => 2 * Math.log10(Math.max(1, (20 - 18 * least) / 2));
