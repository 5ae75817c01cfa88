import type { Mutation, Store } from '@cloudless/db';
import { backoffMs, type Clock, type Entropy, type Logger } from '@cloudless/kernel';
import type { AllocationId, AllocationObserved, AllocationReport, BatchId, EventId, NodeId } from '@cloudless/proto';
import { mergeReport } from './merge-report.ts';

/** Allocations in one batch: with their events it stays under the store's limit of a group. */
const MAX_BATCH = 100;
const RETRY = { baseMs: 50, maxMs: 5000, factor: 2, jitter: 0.5 };

type Waiting = { readonly nodeId: NodeId; readonly observed: AllocationObserved };

export interface ReportWriter {
  /** Takes reports of one node; of one allocation, only the newest waits. What the node does not hold is ignored. */
  take(nodeId: NodeId, reports: readonly AllocationReport[]): void;
  /** Whether anything that this node said is not yet in the store. */
  isWaiting(nodeId: NodeId): boolean;
  /** Resolves when nothing waits or `stop` was called. */
  settled(): Promise<void>;
  stop(): void;
}

/** Brings what agents report into the store, in order, with the events that tell why. The only writer of `observed`. */
export function createReportWriter(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  /** Everything that a node said is in the store. */
  readonly onWritten?: (nodeId: NodeId) => void;
}): ReportWriter {
  const { store, clock, entropy, logger } = deps;
  /** How many of `waiting` are of each node. */
  const waitingOf = new Map<NodeId, number>();
  const stopping = new AbortController();
  /** Bounded by the allocations in the store: unknown ones are not taken. */
  const waiting = new Map<AllocationId, Waiting>();
  let work: Promise<void> | undefined;

  function mutationsOf(id: AllocationId, { nodeId, observed }: Waiting): Mutation[] {
    const found = store.get('allocation', id);
    if (!found || found.row.nodeId !== nodeId) return [];
    const merged = mergeReport(found.row, observed);
    if (!merged) return [];
    const now = clock.now();
    const { row } = found;
    const node = store.get('node', nodeId)?.row.name ?? nodeId;
    const events = merged.events.map(({ params, ...event }): Mutation => ({
      kind: 'event',
      event: {
        id: entropy.id('ev') as EventId,
        at: now,
        ...event,
        orgId: row.orgId,
        projectId: row.projectId,
        workloadId: row.workloadId,
        allocationId: row.id,
        nodeId,
        actor: { kind: 'node', id: nodeId, name: node },
        params: { ...params, node },
      },
    }));
    return [
      { kind: 'put', table: 'allocation', row: { ...row, observed: merged.observed, updatedAt: now }, expect: found.version },
      ...events,
    ];
  }

  async function writeOnce(): Promise<void> {
    const batch = [...waiting].slice(0, MAX_BATCH);
    const mutations = batch.flatMap(([id, report]) => mutationsOf(id, report));
    if (mutations.length > 0) {
      const outcome = await store.commit({ id: entropy.id('batch') as BatchId, mutations }, stopping.signal);
      // Another writer was faster on one of the rows: decide again on what they are now.
      if (outcome.kind === 'stale') return;
    }
    for (const [id, report] of batch) {
      if (waiting.get(id) !== report) continue;
      waiting.delete(id);
      const left = (waitingOf.get(report.nodeId) ?? 1) - 1;
      if (left > 0) waitingOf.set(report.nodeId, left);
      else {
        waitingOf.delete(report.nodeId);
        deps.onWritten?.(report.nodeId);
      }
    }
  }

  async function drain(): Promise<void> {
    let failures = 0;
    while (waiting.size > 0 && !stopping.signal.aborted) {
      try {
        await writeOnce();
        failures = 0;
      } catch (cause) {
        if (stopping.signal.aborted) return;
        logger.warn({ op: 'report.write', outcome: 'failed', waiting: waiting.size }, cause);
        await clock.sleep(backoffMs(RETRY, failures, entropy), stopping.signal).catch(() => undefined);
        failures += 1;
      }
    }
  }

  return {
    take(nodeId, reports) {
      for (const { allocationId, observed } of reports) {
        const found = store.get('allocation', allocationId);
        if (found?.row.nodeId !== nodeId) continue;
        const later = waiting.get(allocationId)?.observed;
        if (later && later.generation > observed.generation) continue;
        if (!waiting.delete(allocationId)) waitingOf.set(nodeId, (waitingOf.get(nodeId) ?? 0) + 1);
        waiting.set(allocationId, { nodeId, observed });
      }
      work ??= drain().finally(() => (work = undefined));
    },
    isWaiting: (nodeId) => waitingOf.has(nodeId),
    async settled() {
      while (work) await work;
    },
    stop: () => stopping.abort(new Error('stopping')),
  };
}
