import type { WorkloadRow } from '@cloudless/proto';
import type { Snapshot, SnapshotAllocation, SnapshotNode } from '../snapshot.ts';
import type { WorkloadDecision } from './workload.ts';

/**
 * Workloads for which nothing was due, and on what that was found. It holds as long as the rows of the workload, of its allocations and of their
 * nodes are the very ones: a decision reads nothing else of a snapshot unless it waits for a time or a lease, and those are decided anew.
 */
export interface Settled {
  holds(snapshot: Snapshot, workload: WorkloadRow): boolean;
  note(snapshot: Snapshot, decision: WorkloadDecision): void;
}

type Ground = { readonly allocations: readonly SnapshotAllocation[] | undefined; readonly nodes: readonly (SnapshotNode | undefined)[] };

const NO_ALLOCATIONS: readonly SnapshotAllocation[] = [];

/** For one loop of decisions, each on the snapshot that the last one became. Rows that are gone are forgotten with it. */
export function createSettled(): Settled {
  const grounds = new WeakMap<WorkloadRow, Ground>();
  return {
    holds(snapshot, workload) {
      const ground = grounds.get(workload);
      if (!ground || snapshot.allocationsOf.get(workload.id) !== ground.allocations) return false;
      let position = 0;
      for (const { row } of ground.allocations ?? NO_ALLOCATIONS) {
        if (!isAsItWas(ground.nodes[position], snapshot.nodes.get(row.nodeId))) return false;
        position += 1;
      }
      return true;
    },
    note(snapshot, decision) {
      if (!needsNothing(decision)) return;
      const allocations = snapshot.allocationsOf.get(decision.workload.id);
      grounds.set(decision.workload, {
        allocations,
        nodes: (allocations ?? NO_ALLOCATIONS).map(({ row }) => snapshot.nodes.get(row.nodeId)),
      });
    },
  };
}

/** In what a decision on an allocation reads of its node: what else is placed there is nothing of it, or one placement would have all its neighbours decided anew. */
function isAsItWas(before: SnapshotNode | undefined, node: SnapshotNode | undefined): boolean {
  if (before === node) return true;
  if (!before || !node) return false;
  return before.row === node.row && before.awayMs === node.awayMs && before.unlent.size + node.unlent.size === 0;
}

function needsNothing({ workload, slots, wants, stop, update, remove }: WorkloadDecision): boolean {
  if (workload.spec.exclusive || wants.length + stop.length + update.length + remove.length > 0) return false;
  return slots.every(
    ({ state, lostAt, overdueAt }) =>
      lostAt === undefined &&
      overdueAt === undefined &&
      (state.kind === 'served' || state.kind === 'starting' || state.kind === 'finished'),
  );
}
