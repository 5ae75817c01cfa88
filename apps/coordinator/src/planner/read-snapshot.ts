import type { Change, Store } from '@cloudless/db';
import type { AllocationId, AllocationRow, NodeId, NodeRow, WorkloadId } from '@cloudless/proto';
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

/** Whose counts a snapshot needs: devices that do not answer, and exclusive allocations. */
type Counted = { readonly nodes: Set<NodeId>; readonly allocations: Set<AllocationId> };

function findCounted(store: Store): Counted {
  const counted: Counted = { nodes: new Set(), allocations: new Set() };
  for (const { row } of store.list('node')) noteNode(row, counted);
  for (const { row } of store.list('allocation')) noteAllocation(row, counted);
  return counted;
}

function noteNode({ id, state: { word } }: NodeRow, { nodes }: Counted): void {
  if (word === 'online' || word === 'degraded') nodes.delete(id);
  else nodes.add(id);
}

function noteAllocation({ id, spec }: AllocationRow, { allocations }: Counted): void {
  if (spec.exclusive) allocations.add(id);
  else allocations.delete(id);
}

function readCounts(counted: Counted, counts: Counts | undefined) {
  const silentMs = new Map<NodeId, number>();
  const leaseLeftMs = new Map<AllocationId, number>();
  if (!counts) return { silentMs, leaseLeftMs };
  const put = <Key>(into: Map<Key, number>, key: Key, value: number | undefined) => void (value !== undefined && into.set(key, value));
  for (const id of counted.nodes) put(silentMs, id, counts.silentMs(id));
  for (const id of counted.allocations) put(leaseLeftMs, id, counts.leaseLeftMs(id));
  return { silentMs, leaseLeftMs };
}

/** Everything a decision may look at, at the newest revision: one pass over memory, without a wait in which it could change. */
export function readSnapshot(store: Store, { now, seed }: Moment, counts?: Counts, counted = findCounted(store)): Snapshot {
  return createSnapshot({
    revision: store.revision,
    now,
    seed,
    nodes: rowsOf(store.list('node')),
    workloads: rowsOf(store.list('workload')),
    allocations: store.list('allocation'),
    ...readCounts(counted, counts),
  });
}

/** For who looks again and again. */
export interface SnapshotReader {
  /** As `readSnapshot`, at the cost of what changed since the last one: of all rows only the first time, and after more batches than the store keeps. */
  read(moment: Moment): Snapshot;
}

export function createSnapshotReader(store: Store, counts?: Counts): SnapshotReader {
  let last: { readonly snapshot: Snapshot; readonly counted: Counted } | undefined;

  /** `undefined` when the store has forgotten what changed. */
  function readOn({ snapshot, counted }: NonNullable<typeof last>, moment: Moment): Snapshot | undefined {
    const since = store.changesSince(snapshot.revision);
    if (since.kind === 'reset') return undefined;
    const nodes = new Set<NodeId>();
    const workloads = new Set<WorkloadId>();
    for (const { changes } of since.batches) for (const change of changes) note(change, { nodes, workloads, counted });
    return advanceSnapshot(snapshot, {
      ...moment,
      ...readCounts(counted, counts),
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
      const advanced = last && readOn(last, moment);
      const counted = last && advanced ? last.counted : findCounted(store);
      const snapshot = advanced ?? readSnapshot(store, moment, counts, counted);
      last = { snapshot, counted };
      return snapshot;
    },
  };
}

type Noted = { readonly nodes: Set<NodeId>; readonly workloads: Set<WorkloadId>; readonly counted: Counted };

function note(change: Change, { nodes, workloads, counted }: Noted): void {
  if (change.kind === 'event') return;
  if (change.table === 'workload') {
    workloads.add(change.kind === 'put' ? change.row.id : change.before.id);
  } else if (change.table === 'node') {
    nodes.add(change.kind === 'put' ? change.row.id : change.before.id);
    if (change.kind === 'put') noteNode(change.row, counted);
    else counted.nodes.delete(change.before.id);
  } else {
    const row = change.kind === 'put' ? change.row : change.before;
    nodes.add(row.nodeId);
    workloads.add(row.workloadId);
    if (change.kind === 'put') noteAllocation(row, counted);
    else counted.allocations.delete(row.id);
  }
}
