import type { WorkloadId } from '@cloudless/proto';

export type Attempt = {
  readonly id: number;
  readonly workloadId: WorkloadId;
  readonly generation: number;
  readonly isDelete: boolean;
  /** `open`: no answer has come, and none may. */
  outcome: 'open' | 'acknowledged' | 'refused' | 'unknown';
};

/** What people asked for and what they were answered, apart from every store. */
export interface History {
  readonly workloads: ReadonlyMap<WorkloadId, readonly Attempt[]>;
  attempt(workloadId: WorkloadId, generation: number, isDelete: boolean): Attempt;
  readonly acknowledged: number;
}

/** The annotation by which a row tells which attempt wrote it. */
export const ATTEMPT = 'sim/attempt';

export function createHistory(): History {
  const workloads = new Map<WorkloadId, Attempt[]>();
  let count = 0;
  return {
    workloads,
    attempt(workloadId, generation, isDelete) {
      count += 1;
      const attempt: Attempt = { id: count, workloadId, generation, isDelete, outcome: 'open' };
      const attempts = workloads.get(workloadId) ?? [];
      workloads.set(workloadId, attempts);
      attempts.push(attempt);
      return attempt;
    },
    get acknowledged() {
      return [...workloads.values()].flat().filter(({ outcome }) => outcome === 'acknowledged').length;
    },
  };
}
