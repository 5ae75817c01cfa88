import {
  isTerminalPhase,
  type AllocationId,
  type AllocationObserved,
  type AllocationRow,
  type NodeId,
  type NodeRow,
  type WorkloadId,
  type WorkloadRow,
} from '@cloudless/proto';
import { decidePlan, type DecideOptions } from '../decide-plan.ts';
import { countOperations, type Placement, type Plan } from '../plan.ts';
import { createSnapshot, type Snapshot, type SnapshotAllocation } from '../snapshot.ts';

/** Rows that plans are applied to, as the planner applies them, with a clock and agents that a test moves. */
export interface World {
  readonly nodes: Map<NodeId, NodeRow>;
  readonly workloads: Map<WorkloadId, WorkloadRow>;
  now: number;
  /** Since when each node is silent. */
  readonly silentSince: Map<NodeId, number>;
  /** When each exclusive allocation has surely ended, as its granter counts; at once where none was granted. */
  readonly fencedAt: Map<AllocationId, number>;
  readonly allocations: () => readonly AllocationRow[];
  snapshot(seed?: number): Snapshot;
  apply(plan: Plan): void;
  observe(allocationId: AllocationId, observed: Partial<AllocationObserved>): void;
  /** Every node that answers does as it was told. */
  obey(): void;
  /** Decides, applies and lets agents obey until nobody has anything left to do. @returns the last plan @throws after `limit` rounds */
  converge(options?: DecideOptions, limit?: number): Plan;
}

export function createWorld(nodes: readonly NodeRow[], workloads: readonly WorkloadRow[]): World {
  const rows = new Map<AllocationId, SnapshotAllocation>();
  let revision = 1;
  let lastId = 0;

  const put = (row: AllocationRow): void => void rows.set(row.id, { row, version: revision });

  function place({ workloadId, slot, nodeId, templateGeneration, score, terms, message, cause }: Placement): void {
    const workload = world.workloads.get(workloadId);
    if (!workload) throw new Error(`placed for ${workloadId}, which is gone`);
    const { orgId, projectId, name, spec } = workload;
    lastId += 1;
    put({
      id: `alloc_${lastId}` as AllocationId,
      orgId,
      projectId,
      workloadId,
      workloadName: name,
      nodeId,
      slot,
      templateGeneration,
      spec,
      desired: 'running',
      desiredGeneration: 1,
      desiredCause: cause,
      placement: { score, terms: { ...terms }, message },
      observed: {
        phase: 'pending',
        ready: false,
        cause: { code: 'placed', message: 'waits' },
        restarts: 0,
        sinceAt: world.now,
        generation: 0,
        hostPorts: {},
      },
      createdAt: world.now,
      updatedAt: world.now,
    });
  }

  function get(id: AllocationId): AllocationRow {
    const found = rows.get(id);
    if (!found) throw new Error(`${id} is gone`);
    return found.row;
  }

  const world: World = {
    nodes: new Map(nodes.map((row) => [row.id, row])),
    workloads: new Map(workloads.map((row) => [row.id, row])),
    now: 1_700_000_100_000,
    silentSince: new Map(),
    fencedAt: new Map(),
    allocations: () => [...rows.values()].map(({ row }) => row),
    snapshot: (seed = 1) =>
      createSnapshot({
        revision,
        now: world.now,
        seed,
        nodes: world.nodes.values(),
        workloads: world.workloads.values(),
        allocations: rows.values(),
        silentMs: new Map([...world.silentSince].map(([id, since]) => [id, world.now - since])),
        leaseLeftMs: new Map([...rows.keys()].map((id) => [id, (world.fencedAt.get(id) ?? 0) - world.now])),
      }),
    apply(plan) {
      revision += 1;
      for (const { allocationId, cause } of plan.stop) {
        const row = get(allocationId);
        put({ ...row, desired: 'stopped', desiredGeneration: row.desiredGeneration + 1, desiredCause: cause, updatedAt: world.now });
      }
      for (const { allocationId, spec, cause } of plan.update) {
        const row = get(allocationId);
        put({ ...row, spec, desiredGeneration: row.desiredGeneration + 1, desiredCause: cause, updatedAt: world.now });
      }
      for (const { allocationId } of plan.remove) rows.delete(allocationId);
      plan.place.forEach(place);
    },
    observe(allocationId, observed) {
      revision += 1;
      const row = get(allocationId);
      put({ ...row, observed: { ...row.observed, ...observed }, updatedAt: world.now });
    },
    obey() {
      for (const row of world.allocations()) {
        const word = world.nodes.get(row.nodeId)?.state.word;
        if ((word !== 'online' && word !== 'degraded') || isTerminalPhase(row.observed.phase)) continue;
        if (row.desired === 'stopped') world.observe(row.id, { phase: 'stopped', ready: false, sinceAt: world.now });
        else if (!row.observed.ready) world.observe(row.id, { phase: 'running', ready: true, sinceAt: world.now });
      }
    },
    converge(options, limit = 400) {
      for (let round = 0; round < limit; round += 1) {
        const plan = decidePlan(world.snapshot(), options);
        const isIdle = countOperations(plan) === 0 && !plan.truncated;
        if (!isIdle) world.apply(plan);
        const before = revision;
        world.obey();
        if (isIdle && revision === before) return plan;
      }
      throw new Error(`no fixpoint after ${limit} rounds`);
    },
  };
  return world;
}
