import { isTerminalPhase, type WorkloadRow } from '@cloudless/proto';
import { nestCause } from './nest-cause.ts';
import type { Removal } from './plan.ts';
import { readBackOff } from './reconcile/back-off.ts';
import { isWanted } from './reconcile/workload.ts';
import { isLost, mayStillRun, type Snapshot, type SnapshotAllocation } from './snapshot.ts';

export type CollectionRules = {
  /** Ended allocations of one workload that stay for people to look at. */
  readonly keepNewest: number;
  /** How long each of them stays after it ended, in ms. */
  readonly keepMs: number;
  /** Most rows of each table removed at once. */
  readonly maxRemovals: number;
};

export const DEFAULT_COLLECTION_RULES: CollectionRules = { keepNewest: 10, keepMs: 3_600_000, maxRemovals: 100 };

export type Collection = {
  readonly remove: readonly Removal[];
  /** Deleted workloads without a row left to wait for. */
  readonly workloads: readonly WorkloadRow[];
};

/**
 * What may be forgotten: allocations that ended, beyond the newest few or after their time, and deleted workloads once nothing of
 * them is left. A slot's newest failure stays as long as the slot is wanted, because it carries the back-off.
 */
export function decideCollection(snapshot: Snapshot, rules: CollectionRules = DEFAULT_COLLECTION_RULES): Collection {
  const remove: Removal[] = [];
  const workloads: WorkloadRow[] = [];
  for (const [workloadId, allocations] of snapshot.allocationsOf) {
    const workload = snapshot.workloads.get(workloadId);
    const ended = allocations.filter((allocation) => hasEnded(snapshot, allocation, workload, rules));
    if (ended.length === 0) continue;
    if (!workload || workload.deletedAt !== undefined) remove.push(...ended.map(removalOf));
    else remove.push(...beyondKeeping(snapshot, workload, ended, rules).map(removalOf));
  }
  for (const workload of snapshot.workloads.values()) {
    if (workload.deletedAt !== undefined && (snapshot.allocationsOf.get(workload.id) ?? []).length === 0) workloads.push(workload);
  }
  return { remove: remove.slice(0, rules.maxRemovals), workloads: workloads.slice(0, rules.maxRemovals) };
}

const removalOf = ({ row }: SnapshotAllocation): Removal => ({
  allocationId: row.id,
  cause: { code: 'collected', message: `ended: ${row.desiredCause.message}`.slice(0, 2000), params: nestCause(row.desiredCause) },
});

/**
 * Stopped as told; or told to stop on a node that is lost, where the agent removes on its return whatever it is no longer assigned:
 * at once for a deleted workload, after `keepMs` else.
 */
function hasEnded(snapshot: Snapshot, { row }: SnapshotAllocation, workload: WorkloadRow | undefined, rules: CollectionRules): boolean {
  if (row.desired !== 'stopped') return false;
  if (isTerminalPhase(row.observed.phase)) return true;
  const node = snapshot.nodes.get(row.nodeId);
  if (!node || !isLost(node) || (row.spec.exclusive && mayStillRun(snapshot, row))) return false;
  return workload === undefined || workload.deletedAt !== undefined || snapshot.now - row.updatedAt > rules.keepMs;
}

function beyondKeeping(
  snapshot: Snapshot,
  workload: WorkloadRow,
  ended: readonly SnapshotAllocation[],
  rules: CollectionRules,
): SnapshotAllocation[] {
  const newestFirst = [...ended].sort((a, b) => b.version - a.version || (a.row.id < b.row.id ? -1 : 1));
  const remembered = new Set<number>();
  return newestFirst.filter(({ row }, position) => {
    const carriesBackOff =
      row.slot < workload.spec.replicas &&
      isWanted(workload) &&
      row.templateGeneration === workload.templateGeneration &&
      readBackOff(row) !== undefined;
    if (carriesBackOff && !remembered.has(row.slot)) {
      remembered.add(row.slot);
      return false;
    }
    return position >= rules.keepNewest || snapshot.now - row.observed.sinceAt > rules.keepMs;
  });
}
