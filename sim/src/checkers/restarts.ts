import type { AllocationId } from '@cloudless/proto';
import type { Checker, View } from './checker.ts';

type Life = { containerId: string | undefined; endedByItself: boolean; reruns: number };

/**
 * A container that ended and runs again was counted, with a cause, by who started it again. One that ended before anybody had seen it
 * run was a start that failed; and a disk whose bits turn loses counts.
 */
export function createRestarts(): Checker {
  const lives = new Map<AllocationId, Life>();

  /** A container of it ran, and runs no more. */
  function end(life: Life, allocationId: AllocationId, { newestStore }: View, wasAsked: boolean): void {
    const observed = newestStore?.get('allocation', allocationId)?.row.observed;
    const wasSeen = observed?.phase === 'running' && observed.containerId === life.containerId;
    if (wasSeen && !wasAsked) life.endedByItself = true;
    life.containerId = undefined;
  }

  function follow(view: View): void {
    const asked = new Set(view.stopped.map(({ containerId, device }) => `${device.identity.nodeId} ${containerId}`));
    const running = new Map<AllocationId, string>();
    for (const { identity, engine } of view.devices) {
      for (const { allocationId, containerId, state } of engine.containers) {
        const key = `${identity.nodeId} ${containerId}`;
        if (state === 'running' && !asked.has(key)) running.set(allocationId, containerId);
      }
    }
    const stopped = new Set(view.stopped.map(({ allocationId }) => allocationId));
    for (const [allocationId, life] of lives) {
      if (life.containerId === undefined || running.get(allocationId) === life.containerId) continue;
      end(life, allocationId, view, stopped.has(allocationId));
    }
    for (const [allocationId, containerId] of running) {
      const life = lives.get(allocationId) ?? { containerId: undefined, endedByItself: false, reruns: 0 };
      lives.set(allocationId, life);
      if (life.containerId !== undefined) continue;
      if (life.endedByItself) life.reruns += 1;
      life.endedByItself = false;
      life.containerId = containerId;
    }
  }

  return {
    name: 'no container restarts without a recorded cause',
    look(view) {
      follow(view);
      return undefined;
    },
    onCommit({ changes }) {
      for (const change of changes) {
        if (change.kind !== 'put' || change.table !== 'allocation' || !change.before) continue;
        const { id, observed } = change.row;
        if (observed.restarts > change.before.observed.restarts && observed.cause.message.length === 0)
          return `${id} was restarted ${observed.restarts} times, and no cause is recorded`;
      }
      return undefined;
    },
    atRest(view) {
      follow(view);
      const forgetful = new Set(view.devices.filter(({ disk }) => disk.flipped > 0).map(({ identity }) => identity.nodeId));
      for (const [allocationId, { reruns, containerId }] of lives) {
        const row = containerId === undefined ? undefined : view.store?.get('allocation', allocationId)?.row;
        // What may not run without a coordinator is started again when it may: an end meanwhile is no restart.
        if (row && (row.spec.exclusive || row.spec.disconnect.stopAfterMs > 0)) continue;
        if (!row || forgetful.has(row.nodeId) || row.observed.restarts >= reruns) continue;
        return `${allocationId} ended and ran again ${reruns} times, and ${row.observed.restarts} restarts are recorded`;
      }
      return undefined;
    },
  };
}
