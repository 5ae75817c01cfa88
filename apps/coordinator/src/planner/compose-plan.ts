import type { Mutation, Store, Versioned } from '@cloudless/db';
import { assert, type Entropy } from '@cloudless/kernel';
import { ID_PREFIX, type AllocationId, type AllocationRow, type NodeId, type WorkloadId, type WorkloadRow } from '@cloudless/proto';
import type { Placement } from '@cloudless/scheduler';
import type { Decision } from './decision.ts';
import { deletedEvent, placedEvent, stopRequestedEvent, unplacedEvent, type PlanEvent } from './plan-events.ts';
import { placedRow, stoppedRow, updatedRow } from './plan-rows.ts';

type Composed = { readonly rows: Mutation[]; readonly events: PlanEvent[] };
type Context = {
  readonly store: Store;
  readonly entropy: Entropy;
  readonly now: number;
  /** A workload that the same batch makes. */
  readonly made?: WorkloadRow;
};

/** Writes out a validated decision: each row with the version it was read at, each change with the event that tells it. */
export function composePlan(decision: Decision, context: Context): Composed {
  const { plan, collection } = decision;
  const into: Composed = { rows: [], events: [] };
  for (const stop of plan.stop) {
    const { row, version } = getAllocation(context, stop.allocationId);
    into.rows.push({ kind: 'put', table: 'allocation', row: stoppedRow(row, stop, context.now), expect: version });
    into.events.push(stopRequestedEvent(row, nodeName(context, row.nodeId), stop.cause));
  }
  for (const update of plan.update) {
    const { row, version } = getAllocation(context, update.allocationId);
    into.rows.push({ kind: 'put', table: 'allocation', row: updatedRow(row, update, context.now), expect: version });
  }
  for (const placement of plan.place) composePlacement(placement, context, into);
  into.rows.push(...checksOf(plan.place, context, into.rows));
  composeRemovals(decision, context, into);
  for (const workload of collection.workloads) composeDeletion(workload, context, into);
  for (const [workloadId, unplaced] of decision.unplaced) {
    into.events.push(unplacedEvent(getWorkload(context, workloadId).row, unplaced));
  }
  return into;
}

function composePlacement(placement: Placement, context: Context, into: Composed): void {
  const id = context.entropy.id(ID_PREFIX.allocation) as AllocationId;
  const name = nodeName(context, placement.nodeId);
  const workload = context.made?.id === placement.workloadId ? context.made : getWorkload(context, placement.workloadId).row;
  const row = placedRow(id, workload, placement, name, context.now);
  into.rows.push({ kind: 'put', table: 'allocation', row, expect: 'absent' });
  into.events.push(placedEvent(row, name));
}

/**
 * A new allocation has no earlier row to guard it, so its device and its app must be as they were read: a placement that is under way
 * when the device is cordoned, drained or removed, or the app stopped, is decided again.
 */
function checksOf(placements: readonly Placement[], { store }: Context, written: readonly Mutation[]): Mutation[] {
  const own = new Set(written.flatMap((mutation) => (mutation.kind === 'put' ? [mutation.row.id as string] : [])));
  const checks = new Map<string, Mutation>();
  for (const { nodeId, workloadId } of placements) {
    const node = store.get('node', nodeId);
    const workload = store.get('workload', workloadId);
    if (node && !own.has(nodeId)) checks.set(nodeId, { kind: 'check', table: 'node', id: nodeId, expect: node.version });
    if (workload && !own.has(workloadId))
      checks.set(workloadId, { kind: 'check', table: 'workload', id: workloadId, expect: workload.version });
  }
  return [...checks.values()];
}

/** Writes out where a workload goes that the same batch makes: its own row needs no check. */
export function composeFirstPlacements(placements: readonly Placement[], context: Context & { readonly made: WorkloadRow }): Composed {
  const into: Composed = { rows: [], events: [] };
  for (const placement of placements) composePlacement(placement, context, into);
  into.rows.push(...checksOf(placements, context, into.rows));
  return into;
}

/** Rows of nodes that were removed, and rows that ended: the first may still be wanted, so that their end is told here. */
function composeRemovals({ plan, collection }: Decision, context: Context, into: Composed): void {
  const causes = new Map([...collection.remove, ...plan.remove].map(({ allocationId, cause }) => [allocationId, cause]));
  for (const [allocationId, cause] of causes) {
    const found = context.store.get('allocation', allocationId);
    if (!found) continue;
    const { row, version } = found;
    into.rows.push({ kind: 'remove', table: 'allocation', id: allocationId, expect: version });
    if (row.desired === 'running') into.events.push(stopRequestedEvent(row, nodeName(context, row.nodeId), cause));
  }
}

/** The last allocation went in an earlier batch: nothing is left to wait for. */
function composeDeletion(workload: WorkloadRow, { store }: Context, into: Composed): void {
  const found = store.get('workload', workload.id);
  if (found?.row.deletedAt === undefined || store.allocationsOfWorkload(workload.id).length > 0) return;
  into.rows.push({ kind: 'remove', table: 'workload', id: workload.id, expect: found.version });
  into.events.push(deletedEvent(found.row));
}

const nodeName = ({ store }: Context, nodeId: NodeId): string => store.get('node', nodeId)?.row.name ?? 'a removed device';

function getAllocation({ store }: Context, id: AllocationId): Versioned<AllocationRow> {
  const found = store.get('allocation', id);
  assert(found, 'a validated plan changes allocations that are there');
  return found;
}

function getWorkload({ store }: Context, id: WorkloadId): Versioned<WorkloadRow> {
  const found = store.get('workload', id);
  assert(found, 'a validated plan serves workloads that are there');
  return found;
}
