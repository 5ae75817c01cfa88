import type { Unplaced, WorkloadId } from '@cloudless/proto';
import type { Collection, Plan } from '@cloudless/scheduler';

/** All that one pass wants changed or told. */
export type Decision = {
  readonly plan: Plan;
  readonly collection: Collection;
  /** Workloads whose explanation is news. */
  readonly unplaced: ReadonlyMap<WorkloadId, readonly [Unplaced, ...Unplaced[]]>;
};
