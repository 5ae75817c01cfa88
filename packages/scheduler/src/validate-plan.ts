import type { AllocationId, WorkloadId } from '@cloudless/proto';
import { computeAsk, type Ask } from './ask.ts';
import { findRefusal } from './feasible/filters.ts';
import { createLedger } from './ledger.ts';
import type { Placement, Plan } from './plan.ts';
import { isWanted } from './reconcile/workload.ts';
import { isReserving, mayStillRun, type Snapshot, type SnapshotAllocation } from './snapshot.ts';

/** What would be untrue after the plan. An empty list is the only one that may be applied. */
export type Violation = { readonly rule: string; readonly message: string };

/**
 * Checks a plan against the newest state, which may be later than what it was decided on: every target exists, every placement is
 * wanted and still fits (reserved ≤ allocatable, ports free, node ready), no slot ends with two current allocations, and nothing of an
 * exclusive slot may still run.
 */
export function validatePlan(plan: Plan, newest: Snapshot): readonly Violation[] {
  return [...checkTargets(plan, newest), ...checkSlots(plan, newest), ...checkRoom(plan, newest)];
}

/** Those of the named allocations that are there. */
function findAllocations(wanted: ReadonlySet<AllocationId>, newest: Snapshot): ReadonlyMap<AllocationId, SnapshotAllocation> {
  const found = new Map<AllocationId, SnapshotAllocation>();
  for (const allocations of wanted.size > 0 ? newest.allocationsOf.values() : [])
    for (const allocation of allocations) if (wanted.has(allocation.row.id)) found.set(allocation.row.id, allocation);
  return found;
}

function checkTargets(plan: Plan, newest: Snapshot): Violation[] {
  const targets = [...plan.update, ...plan.stop, ...plan.remove];
  const known = findAllocations(new Set(targets.map(({ allocationId }) => allocationId)), newest);
  const violations: Violation[] = [];
  const seen = new Set<AllocationId>();
  for (const { allocationId } of targets) {
    if (!known.has(allocationId)) violations.push({ rule: 'targetExists', message: `${allocationId} is no longer there` });
    if (seen.has(allocationId)) violations.push({ rule: 'oneChangeEach', message: `${allocationId} is changed twice` });
    seen.add(allocationId);
  }
  for (const { allocationId } of plan.stop) {
    if (known.get(allocationId)?.row.desired === 'stopped')
      violations.push({ rule: 'stopOnce', message: `${allocationId} is already to stop` });
  }
  return violations;
}

const slotKey = (slot: Pick<Placement, 'workloadId' | 'slot'>): string => `${slot.workloadId}/${slot.slot}`;

function checkSlots(plan: Plan, newest: Snapshot): Violation[] {
  const leaving = new Set<AllocationId>([...plan.stop, ...plan.remove].map((one) => one.allocationId));
  const placed = new Set<string>();
  return plan.place.flatMap((placement) => {
    const workload = newest.workloads.get(placement.workloadId);
    const key = slotKey(placement);
    const isSecond = placed.has(key);
    placed.add(key);
    if (!workload || !isWanted(workload) || placement.slot >= workload.spec.replicas)
      return [{ rule: 'slotWanted', message: `slot ${key} is no longer wanted` }];
    if (placement.templateGeneration !== workload.templateGeneration)
      return [{ rule: 'templateCurrent', message: `slot ${key} is planned for an older generation` }];
    const holders = (newest.allocationsOf.get(placement.workloadId) ?? []).filter(({ row }) => row.slot === placement.slot);
    const holder = workload.spec.exclusive ? holders.find(({ row }) => mayStillRun(newest, row)) : undefined;
    if (holder) return [{ rule: 'exclusiveOnce', message: `slot ${key} may still run as ${holder.row.id}` }];
    const rivals = holders.filter(({ row }) => row.desired === 'running' && !leaving.has(row.id));
    const others = rivals.filter(({ row }) => row.id !== placement.replaces && isReserving(row));
    if (isSecond || others.length > 0)
      return [{ rule: 'oneAllocationPerSlot', message: `slot ${key} already has ${others[0]?.row.id ?? 'a placement in this plan'}` }];
    return [];
  });
}

/** Replays the placements on what is left now. */
function checkRoom(plan: Plan, newest: Snapshot): Violation[] {
  if (plan.place.length === 0) return [];
  const ledger = createLedger(newest);
  const asks = new Map<WorkloadId, Ask>();
  return plan.place.flatMap((placement) => {
    const workload = newest.workloads.get(placement.workloadId);
    if (!workload) return [];
    const ask = asks.get(workload.id) ?? computeAsk(newest, workload);
    asks.set(workload.id, ask);
    const candidates = ledger.candidatesOf(workload.orgId);
    const position = candidates.list.table.positionOf(placement.nodeId);
    const node = candidates.at(position);
    if (!node) return [{ rule: 'sameOrganisation', message: `${placement.nodeId} is no device of the workload's organisation` }];
    const filter = findRefusal(ask, node);
    if (filter) return [{ rule: filter.name, message: filter.explain(ask, [node]).message }];
    ledger.reserve(workload.orgId, position, ask);
    return [];
  });
}
