import type { Unplaced, WorkloadId } from '@cloudless/proto';
import { explanationKey, type Plan, type Snapshot } from '@cloudless/scheduler';

export type UnplacedNews = ReadonlyMap<WorkloadId, readonly [Unplaced, ...Unplaced[]]>;

/** What the last pass said of slots that have no device. Memory only: the same rows explain themselves the same way after a start. */
export interface Explanations {
  unplacedOf(workloadId: WorkloadId): readonly Unplaced[];
  /** Of a plan's explanations, those that a person has not been told. Changes nothing. */
  findNews(plan: Plan): UnplacedNews;
  /** Takes over what a plan says, once what it tells is durable. */
  take(plan: Plan, snapshot: Snapshot): void;
  /**
   * Calls back with the workloads that are explained otherwise than before: no row of theirs need have changed, and the event of one was
   * told before. @returns a function that ends it
   */
  onChange(listener: (workloadIds: readonly WorkloadId[]) => void): () => void;
}

/** A slot in back-off is no news: the failure before it said when the next try is due. */
const withoutBackOff = (unplaced: readonly Unplaced[]): Unplaced[] => unplaced.filter((one) => one.retryAt === undefined);

/** Bounded by the workloads of the snapshot. */
export function createExplanations(): Explanations {
  const unplacedOf = new Map<WorkloadId, readonly Unplaced[]>();
  const toldKeys = new Map<WorkloadId, string>();
  const listeners = new Set<(workloadIds: readonly WorkloadId[]) => void>();
  const keyOf = (workloadId: WorkloadId): string => explanationKey(unplacedOf.get(workloadId) ?? []);

  return {
    unplacedOf: (workloadId) => unplacedOf.get(workloadId) ?? [],
    findNews(plan) {
      const news = new Map<WorkloadId, readonly [Unplaced, ...Unplaced[]]>();
      for (const { workloadId, unplaced } of plan.why) {
        if (unplaced.length === 0) continue;
        const [first, ...others] = withoutBackOff(unplaced);
        if (first && toldKeys.get(workloadId) !== explanationKey([first, ...others])) news.set(workloadId, [first, ...others]);
      }
      return news;
    },
    take(plan, snapshot) {
      const before = new Map(plan.why.map(({ workloadId }) => [workloadId, keyOf(workloadId)]));
      for (const { workloadId, unplaced } of plan.why) {
        if (unplaced.length === 0) {
          unplacedOf.delete(workloadId);
          toldKeys.delete(workloadId);
          continue;
        }
        unplacedOf.set(workloadId, unplaced);
        const key = explanationKey(withoutBackOff(unplaced));
        if (key === '') toldKeys.delete(workloadId);
        else toldKeys.set(workloadId, key);
      }
      for (const workloadId of unplacedOf.keys()) {
        if (snapshot.workloads.has(workloadId)) continue;
        unplacedOf.delete(workloadId);
        toldKeys.delete(workloadId);
      }
      const changed = [...before].filter(([workloadId, key]) => keyOf(workloadId) !== key).map(([workloadId]) => workloadId);
      if (changed.length > 0) for (const listener of listeners) listener(changed);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
