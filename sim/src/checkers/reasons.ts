import { isTerminalPhase, type WorkloadRow } from '@cloudless/proto';
import type { Checker, View } from './checker.ts';

/** From being wanted to being placed or explained, while nothing is in the way: passes wait for the disk, and for each other. */
const EXPLAINED_AFTER_MS = 30_000;

/** Whoever waits for a device is told why, in good times as in bad, as long as anybody can decide. */
export function createReasons(): Checker {
  const silentSinceMs = new Map<string, number>();

  function judge(view: View, { id, name, spec, runState, deletedAt }: WorkloadRow): string | undefined {
    const wanted = runState === 'running' && deletedAt === undefined ? spec.replicas : 0;
    // One that is on its way out says so itself, and why.
    const standing = view.store
      ?.allocationsOfWorkload(id)
      .filter(({ row }) => row.desired === 'running' || !isTerminalPhase(row.observed.phase));
    const held = new Set(standing?.map(({ row }) => row.slot));
    for (let slot = 0; slot < wanted; slot += 1) {
      const key = `${id} ${slot}`;
      if (held.has(slot) || view.isExplained(id, slot)) {
        silentSinceMs.delete(key);
        continue;
      }
      const sinceMs = silentSinceMs.get(key) ?? view.nowMs;
      silentSinceMs.set(key, sinceMs);
      if (view.nowMs - sinceMs > EXPLAINED_AFTER_MS)
        return `${name} slot ${slot} has no device for ${view.nowMs - sinceMs} ms, and no reason`;
    }
    return undefined;
  }

  return {
    name: 'every unplaced replica has a reason',
    look(view) {
      // Who cannot write cannot decide, and who just started has not yet.
      if (!view.store || view.calmMs < EXPLAINED_AFTER_MS) silentSinceMs.clear();
      for (const { row } of view.store?.list('workload') ?? []) {
        const fault = judge(view, row);
        if (fault !== undefined) return fault;
      }
      return undefined;
    },
  };
}
