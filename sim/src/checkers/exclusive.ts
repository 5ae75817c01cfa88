import type { AllocationId } from '@cloudless/proto';
import type { Checker, View } from './checker.ts';

/** An engine that hung has got its word by then: what waits for its answer gives up, and asks again. */
const OBEYS_AFTER_MS = 30_000;
/** A machine that woke knows by then, and has ended what it may not run. */
const AWAKE_AFTER_MS = 2000;

/**
 * An exclusive slot has one container that runs, whoever is dead, paused or cut off. What is on a machine that sleeps runs not. Outside the
 * promise is an engine that does not answer, ends nothing, or starts late: nobody can stop what it runs.
 */
export function createExclusive(): Checker {
  const slots = new Map<AllocationId, string>();
  const outsideUntilMs = new Map<string, number>();

  function noteOutside({ devices, nowMs }: View): void {
    for (const { identity, engine, machine } of devices) {
      const forMs = engine.isObeying ? (machine.isSuspended ? AWAKE_AFTER_MS : 0) : OBEYS_AFTER_MS;
      outsideUntilMs.set(identity.nodeId, Math.max(outsideUntilMs.get(identity.nodeId) ?? 0, nowMs + forMs));
    }
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
      noteOutside(view);
      if (slots.size === 0) return undefined;
      const runningOn = new Map<string, string>();
      for (const { identity, engine } of view.devices) {
        if ((outsideUntilMs.get(identity.nodeId) ?? 0) > view.nowMs) continue;
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
