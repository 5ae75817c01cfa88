import type { Store } from '@cloudless/db';
import type { AllocationId, NodeId } from '@cloudless/proto';
import { createSnapshot, type Snapshot } from '@cloudless/scheduler';

export type Moment = {
  /** Wall time in ms. */
  readonly now: number;
  /** Draws the jitter of back-off. */
  readonly seed: number;
};

/** What this leader counts in boot time and no row holds. */
export interface Counts {
  /** How long a device has been silent; `undefined` when that is not known. */
  silentMs(nodeId: NodeId): number | undefined;
  /** Of an exclusive allocation: until it has surely ended if nobody renews its lease; `undefined` when that is not known. */
  leaseLeftMs(allocationId: AllocationId): number | undefined;
}

function* rowsOf<Row>(versioned: Iterable<{ readonly row: Row }>): Iterable<Row> {
  for (const { row } of versioned) yield row;
}

/** Of devices that do not answer, and of exclusive allocations: nobody else's count is looked at. */
function readCounts(store: Store, counts: Counts | undefined) {
  const silentMs = new Map<NodeId, number>();
  const leaseLeftMs = new Map<AllocationId, number>();
  if (!counts) return { silentMs, leaseLeftMs };
  const put = <Key>(into: Map<Key, number>, key: Key, value: number | undefined) => void (value !== undefined && into.set(key, value));
  for (const { row } of store.list('node'))
    if (row.state.word !== 'online' && row.state.word !== 'degraded') put(silentMs, row.id, counts.silentMs(row.id));
  for (const { row } of store.list('allocation')) if (row.spec.exclusive) put(leaseLeftMs, row.id, counts.leaseLeftMs(row.id));
  return { silentMs, leaseLeftMs };
}

/** Everything a decision may look at, at the newest revision: one pass over memory, without a wait in which it could change. */
export function readSnapshot(store: Store, { now, seed }: Moment, counts?: Counts): Snapshot {
  return createSnapshot({
    revision: store.revision,
    now,
    seed,
    nodes: rowsOf(store.list('node')),
    workloads: rowsOf(store.list('workload')),
    allocations: store.list('allocation'),
    ...readCounts(store, counts),
  });
}
