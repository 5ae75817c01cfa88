import { isTerminalPhase, WITHHELD, type AllocationRow, type Cause, type WorkloadRow } from '@cloudless/proto';
import type { Stop, Update } from '../plan.ts';
import { isLending } from '../feasible/lending.ts';
import { isGone, isHeard, isLostTo, isToBeEmptied, type Snapshot, type SnapshotAllocation } from '../snapshot.ts';
import { computeBackOff, findLastFailure } from './back-off.ts';
import { causes, nodeName } from './causes.ts';
import { isSpecCurrent } from './spec-current.ts';

/**
 * How a wanted slot stands: `served` by a ready, current allocation; `starting` one; `finished`, when its restart policy says that a
 * container that ended stays ended; `waiting` for its back-off; `fenced`, until the last holder of an exclusive slot has surely ended;
 * `wanted`, a new allocation is due.
 */
export type SlotState =
  | { readonly kind: 'served' | 'starting' | 'finished' }
  | { readonly kind: 'waiting'; readonly attempt: number; readonly retryAt: number }
  | { readonly kind: 'fenced'; readonly holder: AllocationRow; readonly dueAt: number | undefined }
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
  /** Wall time in ms at which a device that is away counts as lost. */
  readonly lostAt?: number;
  /** Wall time in ms at which the drain of the fallback's device is over. */
  readonly overdueAt?: number;
};

type Sorted = {
  /** Current, and on a node that is not lost; the best to keep first. */
  readonly current: readonly SnapshotAllocation[];
  readonly older: readonly SnapshotAllocation[];
  /** Current, and on a lost node: it may come back. */
  readonly away: readonly SnapshotAllocation[];
  readonly ended: readonly SnapshotAllocation[];
};

/** Decides one wanted slot from its allocations, which leaves out those on nodes that are gone. */
export function decideSlot(
  snapshot: Snapshot,
  workload: WorkloadRow,
  slot: number,
  allocations: readonly SnapshotAllocation[],
): SlotDecision {
  const { current, older, away, ended } = sort(snapshot, workload, allocations);
  const released = ended.filter(({ row }) => !isFinished(row) || row.templateGeneration < workload.templateGeneration);
  const last = findLastFailure(allocations, workload.templateGeneration);
  const release = released.map(({ row }) => releaseOf(snapshot, workload, row, last));
  const isStopping = allocations.some(
    ({ row }) => row.desired === 'stopped' && !isTerminalPhase(row.observed.phase) && isOnHeardNode(snapshot, row),
  );
  const [keeper, ...spare] = current;
  const base = { slot, isStopping, isRollout: false, update: [], ...lostAtOf(snapshot, workload, keeper) };
  const replaceable = [...older, ...away];

  if (keeper) {
    const update = isSpecCurrent(keeper.row, workload)
      ? []
      : [{ allocationId: keeper.row.id, spec: workload.spec, cause: causes.specChanged(workload) }];
    if (isServing(snapshot, keeper.row)) {
      const rivals = endRivals(snapshot, workload, keeper, spare, away);
      return { ...base, state: { kind: 'served' }, update, stop: [...release, ...rivals, ...replaceAll(snapshot, workload, older)] };
    }
    const surplus = spare.map(({ row }) => ({ allocationId: row.id, cause: causes.surplus(workload, slot) }));
    const kept = keepOne(snapshot, workload, replaceable);
    return { ...base, ...kept, state: { kind: 'starting' }, update, stop: [...release, ...surplus, ...kept.stop] };
  }

  if (ended.length > released.length)
    return { ...base, state: { kind: 'finished' }, stop: [...release, ...replaceAll(snapshot, workload, replaceable)] };
  const kept = keepOne(snapshot, workload, replaceable);
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
  const away: SnapshotAllocation[] = [];
  const ended: SnapshotAllocation[] = [];
  for (const allocation of allocations) {
    const { row } = allocation;
    if (row.desired !== 'running') continue;
    if (isTerminalPhase(row.observed.phase)) ended.push(allocation);
    else if (row.templateGeneration < workload.templateGeneration || isToMove(snapshot, row)) older.push(allocation);
    else if (isOnLostNode(snapshot, workload, row)) away.push(allocation);
    else current.push(allocation);
  }
  return { current: current.sort(byWorth(snapshot, workload)), older, away, ended };
}

/** Ready before not ready, then by what the app asks for: what is healthy is kept. */
export const byWorth =
  (snapshot: Snapshot, workload: WorkloadRow) =>
  ({ row: a }: SnapshotAllocation, { row: b }: SnapshotAllocation): number =>
    Number(isServing(snapshot, b)) - Number(isServing(snapshot, a)) || compareByPolicy(workload, a, b) || (a.id < b.id ? -1 : 1);

function compareByPolicy({ spec }: WorkloadRow, a: AllocationRow, b: AllocationRow): number {
  const { reconcile } = spec.disconnect;
  const age = a.createdAt - b.createdAt;
  if (reconcile === 'keepReplacement') return -age;
  return reconcile === 'longestRunning' ? a.observed.sinceAt - b.observed.sinceAt || age : age;
}

/**
 * Beside an allocation that serves: the others end, but for one that may be preferred to it when its device is back or it is ready.
 * So a slot holds two at most.
 */
function endRivals(
  snapshot: Snapshot,
  workload: WorkloadRow,
  keeper: SnapshotAllocation,
  spare: readonly SnapshotAllocation[],
  away: readonly SnapshotAllocation[],
): Stop[] {
  const { reconcile } = workload.spec.disconnect;
  const original = reconcile === 'keepOriginal' ? spare.find(({ row }) => row.createdAt < keeper.row.createdAt) : undefined;
  const surplus = spare.filter((one) => one !== original);
  const [hope] = original || reconcile === 'keepReplacement' ? [] : away.toSorted(byWorth(snapshot, workload));
  return [
    ...surplus.map(({ row }) => ({ allocationId: row.id, cause: surplusBecause(snapshot, workload, keeper.row, row) })),
    ...replaceAll(
      snapshot,
      workload,
      away.filter((one) => one !== hope),
    ),
  ];
}

function surplusBecause(snapshot: Snapshot, workload: WorkloadRow, keeper: AllocationRow, row: AllocationRow): Cause {
  if (!isServing(snapshot, row) || keeper.nodeId === row.nodeId) return causes.surplus(workload, row.slot);
  const node = nodeName(snapshot.nodes.get(keeper.nodeId)?.row);
  switch (workload.spec.disconnect.reconcile) {
    case 'keepOriginal':
      return causes.keptOriginal(workload, node);
    case 'keepReplacement':
      return causes.keptReplacement(workload, node);
    case 'longestRunning':
      return causes.keptLongest(workload, node);
  }
}

/** When the device of what serves a slot, which does not answer, counts as lost. */
export function lostAtOf(
  snapshot: Snapshot,
  { spec: { disconnect } }: WorkloadRow,
  allocation: SnapshotAllocation | undefined,
): Pick<SlotDecision, 'lostAt'> {
  const node = allocation && snapshot.nodes.get(allocation.row.nodeId);
  if (!node || isGone(node) || isHeard(node) || !disconnect.replace || isLostTo(disconnect, node)) return {};
  return { lostAt: snapshot.now + disconnect.lostAfterMs - node.awayMs };
}

/** Keeps at most one older allocation until a current one is ready, so a slot never holds more than two. */
function keepOne(
  snapshot: Snapshot,
  workload: WorkloadRow,
  older: readonly SnapshotAllocation[],
): Pick<SlotDecision, 'fallback' | 'isRollout' | 'stop' | 'overdueAt'> {
  const worthKeeping = older.filter(({ row }) => (isServing(snapshot, row) || !isOnHeardNode(snapshot, row)) && !isOverdue(snapshot, row));
  const [fallback] = worthKeeping.sort(byWorth(snapshot, workload));
  const stop = replaceAll(
    snapshot,
    workload,
    older.filter((allocation) => allocation !== fallback),
  );
  if (!fallback) return { stop, isRollout: false };
  return { stop, isRollout: isServing(snapshot, fallback.row), fallback, ...overdueAtOf(snapshot, fallback.row) };
}

const deadlineOf = (snapshot: Snapshot, row: AllocationRow): number => snapshot.nodes.get(row.nodeId)?.row.drain?.deadlineAt ?? Infinity;

/** Its device is drained, and was to be empty by now: it goes, wherever its slot is served next. */
export const isOverdue = (snapshot: Snapshot, row: AllocationRow): boolean => deadlineOf(snapshot, row) <= snapshot.now;

/** Of what is kept until it is replaced. */
export function overdueAtOf(snapshot: Snapshot, row: AllocationRow): Pick<SlotDecision, 'overdueAt'> {
  const overdueAt = deadlineOf(snapshot, row);
  return overdueAt === Infinity ? {} : { overdueAt };
}

export const replaceAll = (snapshot: Snapshot, workload: WorkloadRow, older: readonly SnapshotAllocation[]): Stop[] =>
  older.map(({ row }) => ({ allocationId: row.id, cause: replacedBecause(snapshot, workload, row) }));

/** Runs, serves, and its node says so now. */
export const isServing = (snapshot: Snapshot, row: AllocationRow): boolean =>
  row.observed.phase === 'running' && row.observed.ready && isOnHeardNode(snapshot, row);

export function isOnHeardNode(snapshot: Snapshot, row: AllocationRow): boolean {
  const node = snapshot.nodes.get(row.nodeId);
  return node !== undefined && !isGone(node) && isHeard(node);
}

export function isOnLostNode(snapshot: Snapshot, { spec }: WorkloadRow, row: AllocationRow): boolean {
  const node = snapshot.nodes.get(row.nodeId);
  return node === undefined || isGone(node) || isLostTo(spec.disconnect, node);
}

export function isToMove(snapshot: Snapshot, row: AllocationRow): boolean {
  const node = snapshot.nodes.get(row.nodeId);
  return node !== undefined && (node.unlent.has(row.id) || isToBeEmptied(node));
}

/** Stopped because its device does not lend now: nobody's failure. */
export const isWithheld = (row: AllocationRow): boolean => row.observed.cause.code === WITHHELD;

/** Its container ended, and its restart policy says that it stays so. */
export function isFinished(row: AllocationRow): boolean {
  const { policy } = row.spec.restartPolicy;
  if (row.observed.exit === undefined || policy === 'always' || isWithheld(row)) return false;
  return policy === 'never' || row.observed.phase === 'stopped';
}

/** Tells the agent of an ended allocation to let it go, and writes down when the slot may be tried again. */
export function releaseOf(snapshot: Snapshot, workload: WorkloadRow, row: AllocationRow, last: ReturnType<typeof findLastFailure>): Stop {
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
  if (isOnLostNode(snapshot, workload, row)) return causes.nodeLost(nodeName(snapshot.nodes.get(row.nodeId)?.row));
  const node = snapshot.nodes.get(row.nodeId);
  if (node && isOverdue(snapshot, row)) return causes.drainOverdue(node.row.name);
  if (node?.row.drain) return causes.draining(node.row.name);
  if (node && !isLending(node.row)) return causes.withheld(node.row.name);
  return node?.unlent.has(row.id) ? causes.unlent(node.row.name) : causes.outdated(workload);
}

export function wantedBecause(
  snapshot: Snapshot,
  workload: WorkloadRow,
  slot: number,
  fallback: SnapshotAllocation | undefined,
  attempt: number | undefined,
): Cause {
  if (fallback) return replacedBecause(snapshot, workload, fallback.row);
  return attempt === undefined ? causes.wanted(workload, slot) : causes.afterFailure(workload, slot, attempt);
}
