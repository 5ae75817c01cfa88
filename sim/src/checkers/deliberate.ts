import { isTerminalPhase, type AllocationRow } from '@cloudless/proto';
import type { Checker, View } from './checker.ts';

/** Owners' words travel, and an agent acts on what it last heard. */
const HEARD_MS = 15 * 60_000;

/** From the world being whole to each device having its leases and its contact. */
const HEARD_AGAIN_MS = 90_000;

/** How long it runs without a coordinator; 0: for ever. */
const limitMs = ({ spec: { exclusive, disconnect } }: AllocationRow): number =>
  exclusive ? disconnect.stopAfterMs || 30_000 : disconnect.stopAfterMs;

/**
 * An agent ends a container that runs only for a reason that stands in the rows: its replica is told to stop or gone, its spec changed,
 * it has ended for good, a twin of it runs, the owner lends nothing, or no coordinator was heard for as long as it may run alone.
 */
export function createDeliberate(): Checker {
  const withheldAtMs = new Map<string, number>();

  function findReason(
    { newestStore, nowMs, calmMs }: View,
    { device, allocationId, containerId, generation }: View['stopped'][number],
  ): boolean {
    const row = newestStore?.get('allocation', allocationId)?.row;
    if (!row || row.desired === 'stopped' || isTerminalPhase(row.observed.phase)) return true;
    if (row.nodeId !== device.identity.nodeId || row.desiredGeneration > generation) return true;
    if (limitMs(row) > 0 && calmMs < limitMs(row) + HEARD_AGAIN_MS) return true;
    if (nowMs - (withheldAtMs.get(row.nodeId) ?? -Infinity) < HEARD_MS) return true;
    return device.engine.containers.some(
      (other) => other.allocationId === allocationId && other.containerId !== containerId && other.state === 'running',
    );
  }

  return {
    name: 'nobody stops what is wanted',
    look(view) {
      for (const { row } of view.newestStore?.list('node') ?? [])
        if (row.lending?.pausedAt !== undefined || row.revokedAt !== undefined) withheldAtMs.set(row.id, view.nowMs);
      const wrong = view.stopped.find((stopped) => !findReason(view, stopped));
      return wrong && `${wrong.device.identity.name} was asked to end ${wrong.containerId} of ${wrong.allocationId}, which is wanted`;
    },
  };
}
