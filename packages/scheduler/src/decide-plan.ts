import type { Unplaced, WorkloadRow } from '@cloudless/proto';
import { computeAsk, type Ask } from './ask.ts';
import { findRefusal } from './feasible/filters.ts';
import { explainFenced, explainUnplaced, explainWaiting, type Explanation } from './explain.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { createPlacer, type Placer } from './placer.ts';
import { countOperations, type Placement, type Plan, type Removal, type Stop, type Update, type Why } from './plan.ts';
import { causes, nodeName, UPDATE_IN_PLACE } from './reconcile/causes.ts';
import type { Settled } from './reconcile/settled.ts';
import type { SlotDecision } from './reconcile/slot.ts';
import { reconcileOrphans, reconcileWorkload, type WorkloadDecision } from './reconcile/workload.ts';
import { DEFAULT_WEIGHTS, type ScoreWeights } from './score/weights.ts';
import { withoutAllocation, type Snapshot, type SnapshotAllocation, type SnapshotNode } from './snapshot.ts';

export type DecideOptions = {
  /** Most changes in one plan; what is left is decided at once after it is applied. */
  readonly maxOperations: number;
  readonly weights: ScoreWeights;
};

export const DEFAULT_OPTIONS: DecideOptions = { maxOperations: 250, weights: DEFAULT_WEIGHTS };

type Draft = { place: Placement[]; update: Update[]; stop: Stop[]; remove: Removal[]; why: Why[]; wakeAt: number; truncated: boolean };

/**
 * Everything that is to change now, for every workload. Pure: the same snapshot gives the same plan.
 *
 * @param settled what earlier decisions of the same loop found to need nothing; it makes the decision quicker, and never another one
 */
export function decidePlan(snapshot: Snapshot, options: DecideOptions = DEFAULT_OPTIONS, settled?: Settled): Plan {
  const ledger = createLedger(snapshot);
  const draft: Draft = { place: [], update: [], stop: [], remove: [], why: [], wakeAt: Infinity, truncated: false };
  for (const workloadId of snapshot.allocationsOf.keys()) {
    if (snapshot.workloads.has(workloadId)) continue;
    const { stop, remove } = reconcileOrphans(snapshot, workloadId);
    draft.stop.push(...stop);
    draft.remove.push(...remove);
  }
  for (const workload of listForService(snapshot)) {
    if (countOperations(draft) >= options.maxOperations) {
      draft.truncated = true;
      break;
    }
    if (settled?.holds(snapshot, workload)) {
      draft.why.push({ workloadId: workload.id, unplaced: [] });
      continue;
    }
    const decision = decideWorkload(snapshot, workload, ledger, options, draft);
    settled?.note(snapshot, decision);
  }
  const { wakeAt, ...plan } = draft;
  return { basedOn: snapshot.revision, ...plan, ...(wakeAt === Infinity ? {} : { wakeAt }) };
}

/**
 * First come, first served: capacity is not taken from those who were there. What an update stopped for want of room was there too: its
 * room is its successor's, not an older app's that waits for some.
 */
function listForService(snapshot: Snapshot): readonly WorkloadRow[] {
  const sorted = [...snapshot.workloads.values()].sort(compareForService);
  const owed = sorted.filter((workload) => isOwedRoom(snapshot, workload));
  return owed.length === 0 ? sorted : [...new Set([...owed, ...sorted])];
}

function isOwedRoom(snapshot: Snapshot, workload: WorkloadRow): boolean {
  const allocations = snapshot.allocationsOf.get(workload.id) ?? [];
  return allocations.some(
    ({ row }) =>
      row.desired === 'stopped' &&
      row.desiredCause.code === UPDATE_IN_PLACE &&
      allocations.every((other) => other.row.slot !== row.slot || other.row.templateGeneration <= row.templateGeneration),
  );
}

const compareForService = (a: WorkloadRow, b: WorkloadRow): number => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);

function decideWorkload(snapshot: Snapshot, workload: WorkloadRow, ledger: Ledger, options: DecideOptions, draft: Draft): WorkloadDecision {
  const decision = reconcileWorkload(snapshot, workload);
  draft.stop.push(...decision.stop);
  draft.update.push(...decision.update);
  draft.remove.push(...decision.remove);
  const unplaced: Unplaced[] = explainWaits(snapshot, decision, ledger, draft);
  if (decision.wants.length > 0) {
    const ask = computeAsk(snapshot, workload);
    const placer = createPlacer(ask, ledger, options.weights, decision.wants.length);
    let explanation: Explanation | undefined;
    let isRepairing = false;
    for (const want of decision.wants) {
      // What an update stopped to have room is replaced by a repair: the next slot waits until that one serves.
      if (want.isRollout && isRepairing) break;
      if (countOperations(draft) >= options.maxOperations) {
        draft.truncated = true;
        break;
      }
      if (placeSlot(snapshot, decision, want, ask, placer, draft)) {
        isRepairing = true;
        continue;
      }
      explanation ??= explainUnplaced(ask, ledger.candidatesOf(ask.orgId).toArray());
      if (!want.isStopping) unplaced.push({ slot: want.slot, ...explanation });
    }
  }
  draft.why.push({ workloadId: workload.id, unplaced: unplaced.sort((a, b) => a.slot - b.slot) });
  return decision;
}

/** What time alone will change, and when. */
function explainWaits(snapshot: Snapshot, decision: WorkloadDecision, ledger: Ledger, draft: Draft): Unplaced[] {
  const nodeCount = ledger.candidatesOf(decision.workload.orgId).list.nodes.length;
  const due = (at = Infinity): void => void (draft.wakeAt = Math.min(draft.wakeAt, at));
  return decision.slots.flatMap(({ slot, state, lostAt, overdueAt, isStopping }) => {
    due(lostAt);
    due(overdueAt);
    if (state.kind === 'waiting') {
      due(state.retryAt);
      return [{ slot, ...explainWaiting(state.attempt, state.retryAt, snapshot.now, nodeCount) }];
    }
    if (state.kind !== 'fenced') return [];
    due(state.dueAt);
    const node = nodeName(snapshot.nodes.get(state.holder.nodeId)?.row);
    // One that its device is just stopping is no news.
    return isStopping ? [] : [{ slot, ...explainFenced(node, state.dueAt, snapshot.now, nodeCount) }];
  });
}

/** `false` when the slot has to do without for now. */
function placeSlot(
  snapshot: Snapshot,
  { workload }: WorkloadDecision,
  want: SlotDecision,
  ask: Ask,
  placer: Placer,
  draft: Draft,
): boolean {
  if (want.state.kind !== 'wanted') return false;
  const choice = placer.place();
  if (choice) {
    if (workload.spec.exclusive && want.fallback) {
      draft.stop.push({ allocationId: want.fallback.row.id, cause: want.state.cause });
      return true;
    }
    const { node, score, terms, message, params } = choice;
    const replaces = want.fallback ? { replaces: want.fallback.row.id } : {};
    draft.place.push({
      workloadId: workload.id,
      slot: want.slot,
      nodeId: node.row.id,
      templateGeneration: workload.templateGeneration,
      score,
      terms,
      message,
      params,
      cause: want.state.cause,
      ...replaces,
    });
    return true;
  }
  const inPlace = want.isRollout && want.fallback ? findRoomInPlace(snapshot, ask, want.fallback) : undefined;
  if (!inPlace || !want.fallback) return false;
  draft.stop.push({ allocationId: want.fallback.row.id, cause: causes.noRoomForBoth(workload, nodeName(inPlace.row)) });
  return true;
}

/**
 * The node of the old replica, when the new one would fit there once the old one is gone. Otherwise an update on one small device,
 * or with a fixed host port, could never happen.
 */
function findRoomInPlace(snapshot: Snapshot, ask: Ask, old: SnapshotAllocation): SnapshotNode | undefined {
  const node = snapshot.nodes.get(old.row.nodeId);
  if (!node) return undefined;
  const freed = withoutAllocation(node, old.row);
  return findRefusal(ask, freed) ? undefined : node;
}
