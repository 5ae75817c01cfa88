import type { AllocationRow, Cause, WorkloadId, WorkloadRow } from '@cloudless/proto';
import type { Removal, Stop, Update } from '../plan.ts';
import { isGone, mayStillRun, type Snapshot, type SnapshotAllocation } from '../snapshot.ts';
import { causes, nodeName } from './causes.ts';
import { decideExclusiveSlot } from './exclusive-slot.ts';
import { decideSlot, type SlotDecision } from './slot.ts';

export type WorkloadDecision = {
  readonly workload: WorkloadRow;
  /** One per wanted slot, ascending. */
  readonly slots: readonly SlotDecision[];
  /** Slots that get a new allocation now: repairs, lowest first, then at most one step of a rollout, for when no repair is made. */
  readonly wants: readonly SlotDecision[];
  readonly stop: readonly Stop[];
  readonly update: readonly Update[];
  readonly remove: readonly Removal[];
};

export const isWanted = (workload: WorkloadRow): boolean => workload.deletedAt === undefined && workload.runState === 'running';

/** What a workload needs, from what there is: decides slot by slot, and says nothing of where. */
export function reconcileWorkload(snapshot: Snapshot, workload: WorkloadRow): WorkloadDecision {
  const { present, remove } = splitGone(snapshot, snapshot.allocationsOf.get(workload.id) ?? []);
  const bySlot = groupBySlot(present);
  const count = isWanted(workload) ? workload.spec.replicas : 0;
  const slots: SlotDecision[] = [];
  const decide = workload.spec.exclusive ? decideExclusiveSlot : decideSlot;
  for (let slot = 0; slot < count; slot += 1) slots.push(decide(snapshot, workload, slot, bySlot.get(slot) ?? []));
  const unwanted = present.filter(({ row }) => row.slot >= count && row.desired === 'running').sort((a, b) => b.row.slot - a.row.slot);
  return {
    workload,
    slots,
    wants: pickWants(slots),
    stop: [
      ...unwanted.map(({ row }) => ({ allocationId: row.id, cause: unwantedBecause(workload) })),
      ...slots.flatMap((decision) => decision.stop),
    ],
    update: slots.flatMap((decision) => decision.update),
    remove,
  };
}

/** Allocations whose workload's row is gone: nothing may run for them. */
export function reconcileOrphans(snapshot: Snapshot, workloadId: WorkloadId): Pick<WorkloadDecision, 'stop' | 'remove'> {
  const { present, remove } = splitGone(snapshot, snapshot.allocationsOf.get(workloadId) ?? []);
  const running = present.filter(({ row }) => row.desired === 'running');
  return { remove, stop: running.map(({ row }) => ({ allocationId: row.id, cause: causes.workloadDeleted(row.workloadName) })) };
}

/** Rows of a removed device go at once, but for an exclusive one whose lease may still run: until then it holds its slot. */
function splitGone(snapshot: Snapshot, allocations: readonly SnapshotAllocation[]): { present: SnapshotAllocation[]; remove: Removal[] } {
  const present: SnapshotAllocation[] = [];
  const remove: Removal[] = [];
  for (const allocation of allocations) {
    const node = snapshot.nodes.get(allocation.row.nodeId);
    const isFenced = allocation.row.spec.exclusive && mayStillRun(snapshot, allocation.row);
    if (isGone(node) && !isFenced) remove.push({ allocationId: allocation.row.id, cause: causes.nodeRemoved(nodeName(node?.row)) });
    else present.push(allocation);
  }
  return { present, remove };
}

function groupBySlot(allocations: readonly SnapshotAllocation[]): ReadonlyMap<AllocationRow['slot'], SnapshotAllocation[]> {
  const bySlot = new Map<number, SnapshotAllocation[]>();
  for (const allocation of allocations) {
    const siblings = bySlot.get(allocation.row.slot);
    if (siblings) siblings.push(allocation);
    else bySlot.set(allocation.row.slot, [allocation]);
  }
  return bySlot;
}

function unwantedBecause(workload: WorkloadRow): Cause {
  if (workload.deletedAt !== undefined) return causes.workloadDeleted(workload.name);
  return workload.runState === 'stopped' ? causes.workloadStopped(workload) : causes.scaledDown(workload);
}

/**
 * Repairs go at once. A rollout goes one slot at a time (surge 1) and stands still while any slot of the new template is not
 * ready, so a broken version replaces at most one healthy replica's stand-in and no healthy replica.
 */
function pickWants(slots: readonly SlotDecision[]): readonly SlotDecision[] {
  const isUnsettled = slots.some(
    (decision) =>
      decision.state.kind === 'starting' ||
      decision.state.kind === 'waiting' ||
      decision.state.kind === 'fenced' ||
      (decision.state.kind === 'wanted' && decision.isStopping),
  );
  const wanted = slots.filter((decision) => decision.state.kind === 'wanted');
  const repairs = wanted.filter((decision) => !decision.isRollout);
  const step = isUnsettled ? undefined : wanted.find((decision) => decision.isRollout);
  return step ? [...repairs, step] : repairs;
}
