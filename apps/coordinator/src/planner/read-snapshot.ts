import type { Change, Store } from '@cloudless/db';
import type { AllocationId, NodeId, WorkloadId } from '@cloudless/proto';
import { advanceSnapshot, createSnapshot, type Snapshot } from '@cloudless/scheduler';

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

/** For who looks again and again. */
export interface SnapshotReader {
  /** As `readSnapshot`, at the cost of what changed since the last one: of all rows only the first time, and after more batches than the store keeps. */
  read(moment: Moment): Snapshot;
}

export function createSnapshotReader(store: Store, counts?: Counts): SnapshotReader {
  let last: Snapshot | undefined;

  function readOn(before: Snapshot, moment: Moment): Snapshot | undefined {
    const since = store.changesSince(before.revision);
    if (since.kind === 'reset') return undefined;
    const nodes = new Set<NodeId>();
    const workloads = new Set<WorkloadId>();
    for (const { changes } of since.batches) for (const change of changes) note(change, nodes, workloads);
    return advanceSnapshot(before, {
      ...moment,
      ...readCounts(store, counts),
      revision: store.revision,
      nodes,
      workloads,
      nodeRow: (id) => store.get('node', id)?.row,
      workloadRow: (id) => store.get('workload', id)?.row,
      allocationsOfWorkload: (id) => store.allocationsOfWorkload(id),
      allocationsOnNode: (id) => store.allocationsOfNode(id),
    });
  }

  return {
    read(moment) {
      last = (last && readOn(last, moment)) ?? readSnapshot(store, moment, counts);
      return last;
    },
  };
}

function note(change: Change, nodes: Set<NodeId>, workloads: Set<WorkloadId>): void {
  if (change.kind === 'event') return;
  if (change.table === 'node') nodes.add(change.kind === 'put' ? change.row.id : change.before.id);
  else if (change.table === 'workload') workloads.add(change.kind === 'put' ? change.row.id : change.before.id);
  else {
    const row = change.kind === 'put' ? change.row : change.before;
    nodes.add(row.nodeId);
    workloads.add(row.workloadId);
  }
}
