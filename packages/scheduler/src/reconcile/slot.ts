import { isTerminalPhase, WITHHELD, type AllocationRow, type Cause, type WorkloadRow } from '@cloudless/proto';
import type { Stop, Update } from '../plan.ts';
import { isLending } from '../feasible/lending.ts';
import { isGone, isHeard, isLost, isToBeEmptied, type Snapshot, type SnapshotAllocation } from '../snapshot.ts';
import { computeBackOff, findLastFailure } from './back-off.ts';
import { causes, nodeName } from './causes.ts';
import { isSpecCurrent } from './spec-current.ts';

/**
 * How a wanted slot stands: `served` by a ready, current allocation; `starting` one; `finished`, when its restart policy says that a
 * container that ended stays ended; `waiting` for its back-off; `wanted`, a new allocation is due.
 */
export type SlotState =
  | { readonly kind: 'served' | 'starting' | 'finished' }
  | { readonly kind: 'waiting'; readonly attempt: number; readonly retryAt: number }
  | { readonly kind: 'wanted'; readonly cause: Cause };

export type SlotDecision = {
  readonly slot: number;
  readonly state: SlotState;
  readonly stop: readonly Stop[];
  readonly update: readonly Update[];
  /** An older allocation that is kept until a new one is ready. */
  readonly fallback?: SnapshotAllocation;
  /** The fallback is ready, so that replacing it is a step of a rollout and not a repair. */
  readonly isRollout: boolean;
  /** An allocation of this slot was told to stop and still holds its room. */
  readonly isStopping: boolean;
};

type Sorted = {
  /** Current, and on a node that is not lost; the best to keep first. */
  readonly current: readonly SnapshotAllocation[];
  readonly older: readonly SnapshotAllocation[];
  readonly ended: readonly SnapshotAllocation[];
};

/** Decides one wanted slot from its allocations, which leaves out those on nodes that are gone. */
export function decideSlot(
  snapshot: Snapshot,
  workload: WorkloadRow,
  slot: number,
  allocations: readonly SnapshotAllocation[],
): SlotDecision {
  const { current, older, ended } = sort(snapshot, workload, allocations);
  const released = ended.filter(({ row }) => !isFinished(row) || row.templateGeneration < workload.templateGeneration);
  const last = findLastFailure(allocations, workload.templateGeneration);
  const release = released.map(({ row }) => releaseOf(snapshot, workload, row, last));
  const isStopping = allocations.some(
    ({ row }) => row.desired === 'stopped' && !isTerminalPhase(row.observed.phase) && isOnHeardNode(snapshot, row),
  );
  const [keeper, ...spare] = current;
  const base = { slot, isStopping, isRollout: false, update: [] };

  if (keeper) {
    const update = isSpecCurrent(keeper.row, workload)
      ? []
      : [{ allocationId: keeper.row.id, spec: workload.spec, cause: causes.specChanged(workload) }];
    const surplus = spare.map(({ row }) => ({ allocationId: row.id, cause: causes.surplus(workload, slot) }));
    if (isServing(snapshot, keeper.row)) {
      return { ...base, state: { kind: 'served' }, update, stop: [...release, ...surplus, ...replaceAll(snapshot, workload, older)] };
    }
    const kept = keepOne(snapshot, workload, older);
    return { ...base, ...kept, state: { kind: 'starting' }, update, stop: [...release, ...surplus, ...kept.stop] };
  }

  if (ended.length > released.length)
    return { ...base, state: { kind: 'finished' }, stop: [...release, ...replaceAll(snapshot, workload, older)] };
  const kept = keepOne(snapshot, workload, older);
  const stop = [...release, ...kept.stop];
  const failure = released.find(({ row }) => row.templateGeneration === workload.templateGeneration && !isWithheld(row));
  const backOff = failure ? computeBackOff(failure.row, last, snapshot.now, snapshot.seed) : last;
  if (backOff && backOff.retryAt > snapshot.now) return { ...base, ...kept, stop, state: { kind: 'waiting', ...backOff } };
  return {
    ...base,
    ...kept,
    stop,
    state: { kind: 'wanted', cause: wantedBecause(snapshot, workload, slot, kept.fallback, backOff?.attempt) },
  };
}

function sort(snapshot: Snapshot, workload: WorkloadRow, allocations: readonly SnapshotAllocation[]): Sorted {
  const current: SnapshotAllocation[] = [];
  const older: SnapshotAllocation[] = [];
  const ended: SnapshotAllocation[] = [];
  for (const allocation of allocations) {
    const { row } = allocation;
    if (row.desired !== 'running') continue;
    if (isTerminalPhase(row.observed.phase)) ended.push(allocation);
    else if (row.templateGeneration < workload.templateGeneration || isOnLostNode(snapshot, row) || isToMove(snapshot, row))
      older.push(allocation);
    else current.push(allocation);
  }
  return { current: current.sort((a, b) => compareForKeeping(snapshot, a, b)), older, ended };
}

/** Ready before not ready, then the one that has been there longest: what is healthy is kept. */
function compareForKeeping(snapshot: Snapshot, a: SnapshotAllocation, b: SnapshotAllocation): number {
  const readiness = Number(isServing(snapshot, b.row)) - Number(isServing(snapshot, a.row));
  if (readiness !== 0) return readiness;
  return a.row.createdAt - b.row.createdAt || (a.row.id < b.row.id ? -1 : 1);
}

/** Keeps at most one older allocation until a current one is ready, so a slot never holds more than two. */
function keepOne(
  snapshot: Snapshot,
  workload: WorkloadRow,
  older: readonly SnapshotAllocation[],
): Pick<SlotDecision, 'fallback' | 'isRollout' | 'stop'> {
  const worthKeeping = older.filter(({ row }) => isServing(snapshot, row) || !isOnHeardNode(snapshot, row));
  const [fallback] = worthKeeping.sort((a, b) => compareForKeeping(snapshot, a, b));
  const stop = replaceAll(
    snapshot,
    workload,
    older.filter((allocation) => allocation !== fallback),
  );
  return { stop, isRollout: fallback !== undefined && isServing(snapshot, fallback.row), ...(fallback ? { fallback } : {}) };
}

const replaceAll = (snapshot: Snapshot, workload: WorkloadRow, older: readonly SnapshotAllocation[]): Stop[] =>
  older.map(({ row }) => ({ allocationId: row.id, cause: replacedBecause(snapshot, workload, row) }));

/** Runs, serves, and its node says so now. */
export const isServing = (snapshot: Snapshot, row: AllocationRow): boolean =>
  row.observed.phase === 'running' && row.observed.ready && isOnHeardNode(snapshot, row);

function isOnHeardNode(snapshot: Snapshot, row: AllocationRow): boolean {
  const node = snapshot.nodes.get(row.nodeId);
  return node !== undefined && !isGone(node) && isHeard(node);
}

function isOnLostNode(snapshot: Snapshot, row: AllocationRow): boolean {
  const node = snapshot.nodes.get(row.nodeId);
  return node === undefined || isGone(node) || isLost(node);
}

function isToMove(snapshot: Snapshot, row: AllocationRow): boolean {
  const node = snapshot.nodes.get(row.nodeId);
  return snapshot.unlent.has(row.id) || (node !== undefined && isToBeEmptied(node));
}

/** Stopped because its device does not lend now: nobody's failure. */
const isWithheld = (row: AllocationRow): boolean => row.observed.cause.code === WITHHELD;

/** Its container ended, and its restart policy says that it stays so. */
export function isFinished(row: AllocationRow): boolean {
  const { policy } = row.spec.restartPolicy;
  if (row.observed.exit === undefined || policy === 'always' || isWithheld(row)) return false;
  return policy === 'never' || row.observed.phase === 'stopped';
}

/** Tells the agent of an ended allocation to let it go, and writes down when the slot may be tried again. */
function releaseOf(snapshot: Snapshot, workload: WorkloadRow, row: AllocationRow, last: ReturnType<typeof findLastFailure>): Stop {
  if (row.templateGeneration < workload.templateGeneration) return { allocationId: row.id, cause: causes.superseded(row) };
  if (isWithheld(row)) {
    const node = snapshot.nodes.get(row.nodeId)?.row;
    const cause = node && isLending(node) ? causes.unlent(node.name) : causes.withheld(nodeName(node));
    return { allocationId: row.id, cause };
  }
  const { attempt, retryAt } = computeBackOff(row, last, snapshot.now, snapshot.seed);
  return { allocationId: row.id, cause: causes.failed(row, attempt, retryAt, snapshot.now) };
}

function replacedBecause(snapshot: Snapshot, workload: WorkloadRow, row: AllocationRow): Cause {
  if (isOnLostNode(snapshot, row)) return causes.nodeLost(nodeName(snapshot.nodes.get(row.nodeId)?.row));
  const node = snapshot.nodes.get(row.nodeId);
  if (node?.row.drain) return causes.draining(node.row.name);
  if (node && !isLending(node.row)) return causes.withheld(node.row.name);
  return node && snapshot.unlent.has(row.id) ? causes.unlent(node.row.name) : causes.outdated(workload);
}

function wantedBecause(
  snapshot: Snapshot,
  workload: WorkloadRow,
  slot: number,
  fallback: SnapshotAllocation | undefined,
  attempt: number | undefined,
): Cause {
  if (fallback) return replacedBecause(snapshot, workload, fallback.row);
  return attempt === undefined ? causes.wanted(workload, slot) : causes.afterFailure(workload, slot, attempt);
}
