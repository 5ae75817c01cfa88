import type { AllocationId } from '@cloudless/proto';
import type { Checker, View } from './checker.ts';

type Life = {
  containerId: string | undefined;
  endedByItself: boolean;
  reruns: number;
  /** Version of the row that told of it when an end was last counted. */
  countedAt: number | undefined;
};

/**
 * A container that ended and runs again was counted, with a cause, by who started it again; also when it might not run again at once. One
 * that was asked to end, ended before anybody had seen it run or on a disk whose bits turn, is not in this. Of several ends while its
 * device reached nobody, the last alone is told.
 */
export function createRestarts(): Checker {
  const lives = new Map<AllocationId, Life>();
  /** Containers that were asked to end, until they did. */
  const asked = new Set<string>();

  /** A container of it ran, and runs no more. */
  function end(life: Life, allocationId: AllocationId, { newestStore }: View, wasAsked: boolean): void {
    const told = newestStore?.get('allocation', allocationId);
    const wasSeen = told?.row.observed.phase === 'running' && told.row.observed.containerId === life.containerId;
    if (wasSeen && !wasAsked && told.version !== life.countedAt) {
      life.endedByItself = true;
      life.countedAt = told.version;
    }
    life.containerId = undefined;
  }

  function follow(view: View): void {
    for (const { containerId, device } of view.stopped) asked.add(`${device.identity.nodeId} ${containerId}`);
    const running = new Map<AllocationId, string>();
    for (const { identity, engine } of view.devices) {
      for (const { allocationId, containerId, state } of engine.containers) {
        const key = `${identity.nodeId} ${containerId}`;
        if (state !== 'running') asked.delete(key);
        else if (!asked.has(key)) running.set(allocationId, containerId);
      }
    }
    const stopped = new Set(view.stopped.map(({ allocationId }) => allocationId));
    for (const [allocationId, life] of lives) {
      if (life.containerId === undefined || running.get(allocationId) === life.containerId) continue;
      end(life, allocationId, view, stopped.has(allocationId));
    }
    for (const [allocationId, containerId] of running) {
      const life = lives.get(allocationId) ?? { containerId: undefined, endedByItself: false, reruns: 0, countedAt: undefined };
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
        if (!row || forgetful.has(row.nodeId)) continue;
        const { restarts } = row.observed;
        if (restarts < reruns) return `${allocationId} ended and ran again ${reruns} times, and ${restarts} restarts are recorded`;
      }
      return undefined;
    },
  };
}
