import { isTerminalPhase, type WorkloadRow } from '@cloudless/proto';
import { isGone, mayStillRun, type Snapshot, type SnapshotAllocation } from '../snapshot.ts';
import { computeBackOff, findLastFailure } from './back-off.ts';
import { causes } from './causes.ts';
import {
  byWorth,
  isFinished,
  isToMove,
  isOnHeardNode,
  isOnLostNode,
  isOverdue,
  isServing,
  isWithheld,
  lostAtOf,
  overdueAtOf,
  releaseOf,
  replaceAll,
  wantedBecause,
  type SlotDecision,
} from './slot.ts';
import { isSpecCurrent } from './spec-current.ts';

/**
 * Decides a slot that runs at most once. Whatever is to go stops first: a successor is due only when nothing of the slot may still run.
 * A `wanted` with a fallback therefore asks to stop that one, once a device for its successor is found.
 */
export function decideExclusiveSlot(
  snapshot: Snapshot,
  workload: WorkloadRow,
  slot: number,
  allocations: readonly SnapshotAllocation[],
): SlotDecision {
  const live = allocations.filter(({ row }) => !isTerminalPhase(row.observed.phase));
  const ended = allocations.filter(({ row }) => isTerminalPhase(row.observed.phase) && row.desired === 'running');
  const released = ended.filter(({ row }) => !isFinished(row) || row.templateGeneration < workload.templateGeneration);
  const last = findLastFailure(allocations, workload.templateGeneration);
  const wanted = live.filter(({ row }) => row.desired === 'running');
  const [keeper, ...spare] = wanted.toSorted(currentFirst(snapshot, workload));
  const isStopping = live.some(({ row }) => row.desired === 'stopped' && isOnHeardNode(snapshot, row));
  const stop = [
    ...released.map(({ row }) => releaseOf(snapshot, workload, row, last)),
    ...spare.map(({ row }) => ({ allocationId: row.id, cause: causes.surplus(workload, slot) })),
  ];
  const base = { slot, isStopping, isRollout: false, update: [], stop, ...lostAtOf(snapshot, workload, keeper) };

  if (keeper && isCurrent(snapshot, workload, keeper)) {
    const cause = causes.specChanged(workload);
    const update = isSpecCurrent(keeper.row, workload) ? [] : [{ allocationId: keeper.row.id, spec: workload.spec, cause }];
    return { ...base, update, state: { kind: isServing(snapshot, keeper.row) ? 'served' : 'starting' } };
  }
  if (keeper && !isWorthKeeping(snapshot, keeper))
    return { ...fence(snapshot, base, keeper), stop: [...stop, ...replaceAll(snapshot, workload, [keeper])] };
  const holder = keeper ? undefined : latest(snapshot, live);
  if (holder) return fence(snapshot, base, holder);
  if (!keeper && ended.length > released.length) return { ...base, state: { kind: 'finished' } };
  const failure = released.find(({ row }) => row.templateGeneration === workload.templateGeneration && !isWithheld(row));
  const backOff = failure ? computeBackOff(failure.row, last, snapshot.now, snapshot.seed) : last;
  const kept = keeper ? { fallback: keeper, isRollout: isServing(snapshot, keeper.row), ...overdueAtOf(snapshot, keeper.row) } : {};
  if (backOff && backOff.retryAt > snapshot.now) return { ...base, ...kept, state: { kind: 'waiting', ...backOff } };
  return { ...base, ...kept, state: { kind: 'wanted', cause: wantedBecause(snapshot, workload, slot, keeper, backOff?.attempt) } };
}

const isCurrent = (snapshot: Snapshot, workload: WorkloadRow, { row }: SnapshotAllocation): boolean =>
  row.templateGeneration >= workload.templateGeneration &&
  !isOnLostNode(snapshot, workload, row) &&
  !isToMove(snapshot, row) &&
  row.spec.exclusive;

const currentFirst = (snapshot: Snapshot, workload: WorkloadRow) => (a: SnapshotAllocation, b: SnapshotAllocation) =>
  Number(isCurrent(snapshot, workload, b)) - Number(isCurrent(snapshot, workload, a)) || byWorth(snapshot, workload)(a, b);

/** It serves, or may when its device answers. */
const isWorthKeeping = (snapshot: Snapshot, { row }: SnapshotAllocation): boolean =>
  !isOverdue(snapshot, row) && (isServing(snapshot, row) || (!isOnHeardNode(snapshot, row) && !isGone(snapshot.nodes.get(row.nodeId))));

const leftMs = (snapshot: Snapshot, { row }: SnapshotAllocation): number =>
  row.spec.exclusive ? (snapshot.leaseLeftMs.get(row.id) ?? Infinity) : Infinity;

/** What may still run, and of several the one that may for longest. */
const latest = (snapshot: Snapshot, live: readonly SnapshotAllocation[]): SnapshotAllocation | undefined =>
  live.filter(({ row }) => mayStillRun(snapshot, row)).toSorted((a, b) => leftMs(snapshot, b) - leftMs(snapshot, a))[0];

function fence(snapshot: Snapshot, base: Omit<SlotDecision, 'state'>, holder: SnapshotAllocation): SlotDecision {
  const left = leftMs(snapshot, holder);
  return { ...base, state: { kind: 'fenced', holder: holder.row, dueAt: Number.isFinite(left) ? snapshot.now + left : undefined } };
}
