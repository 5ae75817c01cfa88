import type { Stoppable } from '@cloudless/kernel';
import type { Unplaced, WorkloadId } from '@cloudless/proto';

/** Brings allocations to what workloads want, again and again, until there is nothing left to change. */
export interface ControlPlane extends Stoppable {
  /** Why slots of a workload have no allocation, as the last pass found; empty when every slot is served. For `computeStatus`. */
  unplacedOf(workloadId: WorkloadId): readonly Unplaced[];
  /** Calls back with the workloads of which `unplacedOf` says something else now. @returns a function that ends it */
  onExplained(listener: (workloadIds: readonly WorkloadId[]) => void): () => void;
  /** Resolves when no pass is on its way and none is due. */
  settled(): Promise<void>;
  /** Takes no more triggers and resolves when the write on its way has its outcome. */
  stop(): Promise<void>;
}
