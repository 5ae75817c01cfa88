import type { Store } from '@cloudless/db';
import { createSnapshot, type Snapshot } from '@cloudless/scheduler';

export type Moment = {
  /** Wall time in ms. */
  readonly now: number;
  /** Draws the jitter of back-off. */
  readonly seed: number;
};

function* rowsOf<Row>(versioned: Iterable<{ readonly row: Row }>): Iterable<Row> {
  for (const { row } of versioned) yield row;
}

/** Everything a decision may look at, at the newest revision: one pass over memory, without a wait in which it could change. */
export function readSnapshot(store: Store, { now, seed }: Moment): Snapshot {
  return createSnapshot({
    revision: store.revision,
    now,
    seed,
    nodes: rowsOf(store.list('node')),
    workloads: rowsOf(store.list('workload')),
    allocations: store.list('allocation'),
  });
}
