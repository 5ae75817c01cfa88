import type { Change, CommittedBatch } from '@cloudless/db';
import type { AllocationId, ClusterEvent, LiveChange, NodeId, WorkloadId } from '@cloudless/proto';
import type { UsageSample } from '../../node-sessions/index.ts';
import type { ApiParts } from '../../parts.ts';
import type { Call, Element, Handlers } from '../call.ts';
import type { Views } from '../views.ts';

/** Silence longer than this means that something is wrong. */
const TICK_MS = 10_000;
/** Events that wait for a slow reader; with more, it lists again. */
const MAX_EVENTS = 500;

type Parts = Pick<ApiParts, 'store' | 'clock' | 'sessions'>;

/** What one reader has not been told yet. Rows are told as they are when their turn comes, so that what waits is bounded by what exists. */
function createPending(orgId: string) {
  const nodes = new Set<NodeId>();
  const workloads = new Set<WorkloadId>();
  const allocations = new Set<AllocationId>();
  const usage = new Map<NodeId, UsageSample>();
  let events: ClusterEvent[] = [];
  let revision = 0;
  let overflow = false;

  function addAllocation(row: { readonly id: AllocationId; readonly workloadId: WorkloadId; readonly nodeId: NodeId }): void {
    allocations.add(row.id);
    workloads.add(row.workloadId);
    nodes.add(row.nodeId);
  }
  function add(
    change: Change,
    dependents: (nodeId: NodeId) => readonly { id: AllocationId; workloadId: WorkloadId; nodeId: NodeId }[],
  ): void {
    if (change.kind === 'event') {
      if (change.event.orgId !== orgId) return;
      if (change.event.workloadId !== undefined) workloads.add(change.event.workloadId);
      if (events.length >= MAX_EVENTS) overflow = true;
      else events.push(change.event);
      return;
    }
    const row = change.kind === 'put' ? change.row : change.before;
    if (row.orgId !== orgId) return;
    if (change.table === 'allocation') addAllocation(row as Parameters<typeof addAllocation>[0]);
    else if (change.table === 'workload') workloads.add(row.id as WorkloadId);
    else {
      nodes.add(row.id as NodeId);
      for (const allocation of dependents(row.id as NodeId)) addAllocation(allocation);
    }
  }
  return {
    nodes,
    workloads,
    allocations,
    usage,
    addBatch(batch: CommittedBatch, dependents: Parameters<typeof add>[1]): void {
      revision = batch.revision;
      for (const change of batch.changes) add(change, dependents);
    },
    take() {
      const taken = {
        revision,
        overflow,
        events,
        nodes: [...nodes],
        workloads: [...workloads],
        allocations: [...allocations],
        usage: [...usage.values()],
      };
      for (const set of [nodes, workloads, allocations, usage]) set.clear();
      events = [];
      overflow = false;
      return taken;
    },
  };
}

/** Every change that a page shows, by one stream: rows as they are now, events as they happened. */
export function createLiveProcedures({ store, clock, sessions }: Parts, views: Views): Pick<Handlers, 'live.follow'> {
  const dependents = (nodeId: NodeId) => store.allocationsOfNode(nodeId).map(({ row }) => row);

  function* describe(
    { caller, headers }: Call<'live.follow'>,
    taken: ReturnType<ReturnType<typeof createPending>['take']>,
  ): Generator<LiveChange> {
    if (taken.overflow) yield { kind: 'reset' };
    for (const id of taken.nodes) {
      const row = store.get('node', id)?.row;
      if (row && row.revokedAt === undefined) yield { kind: 'node', node: views.viewNode(row) };
      else yield { kind: 'nodeGone', nodeId: id };
    }
    for (const id of taken.workloads) {
      const found = store.get('workload', id);
      if (found?.row.orgId === caller.orgId) yield { kind: 'workload', workload: views.viewWorkload(found, headers) };
      else if (!found) yield { kind: 'workloadGone', workloadId: id };
    }
    for (const id of taken.allocations) {
      const row = store.get('allocation', id)?.row;
      if (row) yield { kind: 'allocation', allocation: views.viewAllocation(row) };
      else yield { kind: 'allocationGone', allocationId: id };
    }
    for (const event of taken.events) yield { kind: 'event', event };
    for (const { nodeId, usage, allocations } of taken.usage) yield { kind: 'usage', nodeId, usage, allocations: [...allocations] };
  }

  async function* follow(call: Call<'live.follow'>): AsyncGenerator<Element<'live.follow'>> {
    const { caller, input, signal } = call;
    const pending = createPending(caller.orgId);
    let wake = Promise.withResolvers<void>();
    let position = store.revision;
    const stops = [
      store.onCommit((batch) => {
        pending.addBatch(batch, dependents);
        wake.resolve();
      }),
      sessions.onUsage((sample) => {
        if (store.get('node', sample.nodeId)?.row.orgId !== caller.orgId) return;
        pending.usage.set(sample.nodeId, sample);
        wake.resolve();
      }),
    ];
    const onAbort = (): void => wake.resolve();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      if (input.lastEventId !== undefined) {
        const since = /^\d{1,15}$/.test(input.lastEventId) ? store.changesSince(Number(input.lastEventId)) : { kind: 'reset' as const };
        if (since.kind === 'reset') yield { id: String(position), data: { kind: 'reset' } };
        else for (const batch of since.batches) pending.addBatch(batch, dependents);
      }
      yield { id: String(position), data: { kind: 'tick', at: clock.now() } };
      while (!signal.aborted) {
        const taken = pending.take();
        const all = [...describe(call, taken)];
        // A reader that leaves between two of one batch is told the whole batch again: rows are as they are now.
        for (const [index, data] of all.entries()) {
          const isLast = index === all.length - 1;
          yield { id: String(isLast && taken.revision > position ? taken.revision : position), data };
        }
        position = Math.max(position, taken.revision);
        const silence = Promise.withResolvers<'silence'>();
        const timer = clock.setTimer(TICK_MS, () => silence.resolve('silence'));
        const woken = await Promise.race([wake.promise, silence.promise]);
        timer.cancel();
        wake = Promise.withResolvers();
        if (woken === 'silence') yield { id: String(position), data: { kind: 'tick', at: clock.now() } };
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      for (const stop of stops) stop();
    }
  }
  return { 'live.follow': follow };
}
