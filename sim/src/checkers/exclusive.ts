import type { AllocationId } from '@cloudless/proto';
import type { Checker, View } from './checker.ts';

/** An engine that hung has got its word by then: what waits for its answer gives up, and asks again. */
const OBEYS_AFTER_MS = 30_000;

/**
 * An exclusive slot has one container that runs, whoever is dead, paused, asleep or cut off. Outside the promise is an engine that does
 * not answer, ends nothing, or starts late: nobody can stop what it runs.
 */
export function createExclusive(): Checker {
  const slots = new Map<AllocationId, string>();
  const disobeyedAtMs = new Map<string, number>();

  function noteEngines({ devices, nowMs }: View): void {
    for (const { identity, engine } of devices) if (!engine.isObeying) disobeyedAtMs.set(identity.nodeId, nowMs);
  }

  return {
    name: 'an exclusive replica runs at most once',
    onCommit({ changes }) {
      for (const change of changes) {
        if (change.kind !== 'put' || change.table !== 'allocation') continue;
        const { id, workloadId, slot, spec } = change.row;
        if (spec.exclusive) slots.set(id, `${workloadId} slot ${slot}`);
      }
      return undefined;
    },
    look(view) {
      noteEngines(view);
      if (slots.size === 0) return undefined;
      const runningOn = new Map<string, string>();
      for (const { identity, engine } of view.devices) {
        if (view.nowMs - (disobeyedAtMs.get(identity.nodeId) ?? -Infinity) < OBEYS_AFTER_MS) continue;
        for (const { allocationId, containerId, state } of engine.containers) {
          const slot = state === 'running' ? slots.get(allocationId) : undefined;
          if (slot === undefined) continue;
          const here = `${identity.name}/${containerId}`;
          const there = runningOn.get(slot);
          if (there !== undefined) return `${slot} runs as ${there} and as ${here}`;
          runningOn.set(slot, here);
        }
      }
      return undefined;
    },
  };
}
