import {
  isTerminalPhase,
  type AllocationRow,
  type Cause,
  type NodeRow,
  type Unplaced,
  type WorkloadRow,
  type WorkloadStatus,
} from '@cloudless/proto';
import { isWanted } from './reconcile/workload.ts';
import { isFinished } from './reconcile/slot.ts';

export type StatusInput = {
  readonly workload: WorkloadRow;
  readonly allocations: readonly AllocationRow[];
  /** The last explanation of slots without an allocation. */
  readonly unplaced: readonly Unplaced[];
  readonly findNode: (nodeId: AllocationRow['nodeId']) => NodeRow | undefined;
};

type Found = Pick<WorkloadStatus, 'condition' | 'cause'>;
type SlotView = {
  readonly ready?: AllocationRow;
  /** Why it does not serve; absent while it is simply starting. */
  readonly trouble?: Found;
  readonly isFinished: boolean;
  readonly isOutdated: boolean;
};

/**
 * The status of a workload as people see it, from what is wanted and what agents have reported. Nothing of it is stored: the same
 * rows give the same words.
 */
export function computeStatus(input: StatusInput): WorkloadStatus {
  const { workload, allocations } = input;
  const unplaced = isWanted(workload) ? input.unplaced.filter((one) => one.slot < workload.spec.replicas) : [];
  const slots = isWanted(workload) ? Array.from({ length: workload.spec.replicas }, (_, slot) => viewSlot(input, slot, unplaced)) : [];
  const ready = slots.filter((slot) => slot.ready !== undefined).length;
  const found = slots.length === 0 ? computeResting(workload, allocations) : computeRunning(workload, slots, ready);
  return {
    ...found,
    sinceAt: computeSince(workload, allocations, found.condition),
    desired: slots.length,
    ready,
    observedGeneration: computeObservedGeneration(workload, allocations, slots.length),
    unplaced: [...unplaced],
  };
}

/** Nothing is wanted of it: deleted, stopped, or scaled to none. */
function computeResting(workload: WorkloadRow, allocations: readonly AllocationRow[]): Found {
  const left = allocations.filter((row) => !isTerminalPhase(row.observed.phase)).length;
  if (workload.deletedAt !== undefined) {
    return {
      condition: 'deleting',
      cause: { code: 'deleteRequested', message: `waits for ${left} ${left === 1 ? 'replica' : 'replicas'} to stop`, params: { left } },
    };
  }
  const why =
    workload.runState === 'stopped'
      ? { code: 'stoppedByPerson', message: 'it was stopped' }
      : { code: 'scaledToZero', message: 'it was scaled to 0 replicas' };
  return left > 0 ? { condition: 'stopping', cause: { ...why, params: { left } } } : { condition: 'stopped', cause: why };
}

function computeRunning(workload: WorkloadRow, slots: readonly SlotView[], ready: number): Found {
  const wanted = slots.length;
  const params = { ready, desired: wanted };
  const trouble = slots.find((slot) => slot.trouble)?.trouble;
  if (slots.every((slot) => slot.isFinished))
    return { condition: 'stopped', cause: { code: 'finished', message: 'it ended and its restart policy keeps it so' } };
  if (ready === wanted) {
    if (!slots.some((slot) => slot.isOutdated))
      return { condition: 'running', cause: { code: 'allReady', message: `${ready} of ${wanted} ready`, params } };
    if (trouble) return { condition: 'updating', cause: trouble.cause };
    return {
      condition: 'updating',
      cause: { code: 'rollout', message: `generation ${workload.templateGeneration} replaces its replicas one by one`, params },
    };
  }
  if (!trouble)
    return {
      condition: slots.some((slot) => slot.isOutdated) ? 'updating' : 'starting',
      cause: { code: 'notAllReady', message: `${ready} of ${wanted} ready`, params },
    };
  return ready > 0 ? { condition: 'degraded', cause: { ...trouble.cause, params: { ...trouble.cause.params, ...params } } } : trouble;
}

function viewSlot({ workload, allocations, findNode }: StatusInput, slot: number, unplaced: readonly Unplaced[]): SlotView {
  const own = allocations.filter((row) => row.slot === slot && row.desired === 'running');
  const active = own.filter((row) => !isTerminalPhase(row.observed.phase));
  const heard = active.filter((row) => isAnswering(findNode(row.nodeId)));
  const ready = heard.find((row) => row.observed.phase === 'running' && row.observed.ready);
  const current = active.filter((row) => row.templateGeneration === workload.templateGeneration);
  const isUpdating = active.some((row) => row.templateGeneration < workload.templateGeneration);
  const trouble =
    current.some((row) => row.observed.ready) && ready
      ? undefined
      : findTrouble(workload, allocations, active, heard, slot, unplaced, findNode);
  return {
    isFinished: active.length === 0 && own.some((row) => isFinished(row)),
    isOutdated: isUpdating,
    ...(ready ? { ready } : {}),
    ...(trouble && (!ready || isUpdating) ? { trouble } : {}),
  };
}

const isAnswering = (node: NodeRow | undefined): boolean => node?.state.word === 'online' || node?.state.word === 'degraded';

function findTrouble(
  workload: WorkloadRow,
  allocations: readonly AllocationRow[],
  active: readonly AllocationRow[],
  heard: readonly AllocationRow[],
  slot: number,
  unplaced: readonly Unplaced[],
  findNode: StatusInput['findNode'],
): Found | undefined {
  const retrying = heard.find((row) => row.observed.nextTryAt !== undefined || (row.observed.restarts > 0 && !row.observed.ready));
  if (retrying) return { condition: 'failing', cause: retrying.observed.cause };
  const missing = unplaced.find((one) => one.slot === slot);
  const fenced = missing?.reasons.find((reason) => reason.filter === 'lease');
  if (fenced) return { condition: 'unplaced', cause: { code: 'fenced', message: fenced.message, params: { ...fenced.params } } };
  if (missing?.retryAt !== undefined) return { condition: 'failing', cause: lastFailure(workload, allocations, slot) ?? reasonOf(missing) };
  if (missing) return { condition: 'unplaced', cause: reasonOf(missing) };
  const silent = heard.length === 0 ? active[0] : undefined;
  if (!silent) return undefined;
  const node = findNode(silent.nodeId);
  const name = node?.name ?? 'its device';
  return {
    condition: 'degraded',
    cause: {
      code: 'nodeSilent',
      message: `${name} is ${node?.state.word ?? 'gone'}`,
      params: { node: name, state: node?.state.word ?? 'gone' },
    },
  };
}

function lastFailure(workload: WorkloadRow, allocations: readonly AllocationRow[], slot: number): Cause | undefined {
  const failed = allocations.filter(
    (row) => row.slot === slot && row.observed.phase === 'failed' && row.templateGeneration === workload.templateGeneration,
  );
  return failed.sort((a, b) => b.createdAt - a.createdAt)[0]?.observed.cause;
}

function reasonOf(unplaced: Unplaced): Cause {
  const reasons = unplaced.reasons.map((reason) => reason.message).join('; ');
  const remedy = unplaced.remedy ? `; ${unplaced.remedy.message}` : '';
  return {
    code: 'unplaced',
    message: `no device fits: ${reasons}${remedy}`.slice(0, 2000),
    params: { slot: unplaced.slot, filter: unplaced.reasons[0]?.filter ?? 'nodes', nodeCount: unplaced.nodeCount },
  };
}

/** The newest moment in the rows that could have brought the condition about. */
function computeSince(workload: WorkloadRow, allocations: readonly AllocationRow[], condition: WorkloadStatus['condition']): number {
  if (condition === 'deleting') return workload.deletedAt ?? workload.updatedAt;
  if (condition === 'stopping') return workload.updatedAt;
  const relevant = condition === 'stopped' ? allocations : allocations.filter((row) => row.desired === 'running');
  return relevant.reduce(
    (latest, row) => Math.max(latest, row.observed.sinceAt),
    condition === 'running' ? workload.createdAt : workload.updatedAt,
  );
}

/** The workload's generation when every running allocation has its template; the oldest of theirs while they do not. */
function computeObservedGeneration(workload: WorkloadRow, allocations: readonly AllocationRow[], wanted: number): number {
  const running = allocations.filter((row) => row.desired === 'running' && row.observed.phase === 'running');
  if (running.length === 0)
    return wanted === 0 && allocations.every((row) => isTerminalPhase(row.observed.phase)) ? workload.generation : 0;
  const oldest = running.reduce((least, row) => Math.min(least, row.templateGeneration), Infinity);
  return oldest >= workload.templateGeneration ? workload.generation : oldest;
}
