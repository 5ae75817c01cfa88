import type { Store } from '@cloudless/db';
import type { WorkloadId, WorkloadRow } from '@cloudless/proto';
import type { Checker, View } from './checker.ts';

/** Faults and changes of what is wanted have had their effect by then. */
const CALM_MS = 90_000;
/** A rollout goes one slot at a time: one more while there is room, one less where there is none. */
const SURGE = 1;

type Known = { readonly shape: string; readonly sinceMs: number; readonly wasFull: boolean };

/** What was told to stop and has not yet is on its way out, and counts no more. */
function countRunning({ devices }: View, store: Store, workloadId: WorkloadId): number {
  const ids = new Set(store.allocationsOfWorkload(workloadId).flatMap(({ row }) => (row.desired === 'running' ? [row.id] : [])));
  return devices
    .flatMap(({ engine }) => engine.containers)
    .filter(({ state, allocationId }) => state === 'running' && ids.has(allocationId)).length;
}

/** What is no rollout: how many, whether at all, and what devices lend. */
const shapeOf = ({ spec, runState, deletedAt }: WorkloadRow, lent: string): string =>
  `${spec.replicas} ${runState} ${deletedAt !== undefined} ${lent}`;

/** While nothing goes wrong, an update takes at most one replica away and adds at most one. */
export function createAvailability(): Checker {
  const known = new Map<WorkloadId, Known>();

  function judge(view: View, store: Store, row: WorkloadRow, lent: string): string | undefined {
    const shape = shapeOf(row, lent);
    const before = known.get(row.id);
    const isSame = before?.shape === shape;
    const sinceMs = isSame ? before.sinceMs : view.nowMs;
    const wanted = row.runState === 'running' && row.deletedAt === undefined ? row.spec.replicas : 0;
    const isQuiet = Math.min(view.calmMs, view.nowMs - sinceMs) >= CALM_MS;
    const running = isQuiet ? countRunning(view, store, row.id) : 0;
    const wasFull = isSame && isQuiet && (before.wasFull || running >= wanted);
    known.set(row.id, { shape, sinceMs, wasFull });
    if (!wasFull) return undefined;
    if (running < wanted - SURGE) return `${row.name} wants ${wanted} and has ${running}, and nothing went wrong`;
    return running > wanted + SURGE ? `${row.name} wants ${wanted} and has ${running}` : undefined;
  }

  return {
    name: 'running stays within what is wanted, less and plus one',
    look(view) {
      const { store } = view;
      if (!store) return undefined;
      if (view.calmMs < CALM_MS) {
        known.clear();
        return undefined;
      }
      const lent = [...store.list('node')].map(({ row }) => `${row.lending?.pausedAt ?? ''}${row.drain?.sinceAt ?? ''}`).join();
      for (const { row } of store.list('workload')) {
        const fault = judge(view, store, row, lent);
        if (fault !== undefined) return fault;
      }
      return undefined;
    },
  };
}
