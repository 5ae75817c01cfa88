import type { CommitOutcome, WriteBatch } from '@cloudless/db';
import type { Stoppable } from '@cloudless/kernel';
import type { Unplaced, WorkloadId } from '@cloudless/proto';

/** Brings allocations to what workloads want, again and again, until there is nothing left to change. */
export interface ControlPlane extends Stoppable {
  /** Why slots of a workload have no allocation, as the last pass found; empty when every slot is served. For `computeStatus`. */
  unplacedOf(workloadId: WorkloadId): readonly Unplaced[];
  /** Calls back with the workloads of which `unplacedOf` says something else now. @returns a function that ends it */
  onExplained(listener: (workloadIds: readonly WorkloadId[]) => void): () => void;
  /**
   * Commits a batch that makes a workload, with its placements in it while nothing else is being decided, so that it is durable and placed by one write. In
   * any other case the batch alone, as the store would, and the next pass places it.
   * @throws CloudlessError as `Store.commit`
   */
  deploy(batch: WriteBatch): Promise<CommitOutcome>;
  /** Resolves when no pass is on its way and none is due. */
  settled(): Promise<void>;
  /** Takes no more triggers and resolves when the write on its way has its outcome. */
  stop(): Promise<void>;
}
