import type { AllocationId } from '@cloudless/proto';
import type { Device } from './device.ts';

/** How often it is looked at: shorter than any container takes to start. */
const LOOK_EVERY_MS = 10;

/** Looks at what engines run, whatever anybody reports. */
export interface EngineWatch extends AsyncDisposable {
  /** What was never to be seen, and was: of an allocation that ran twice at once. */
  readonly seenTwice: readonly string[];
  /** Starts of each allocation's containers since the cluster stood. */
  startsOf(allocationId: AllocationId): number;
  /** All starts since the watch began. */
  readonly starts: number;
  /** Allocations whose containers run now, by device. */
  running(): readonly { readonly device: string; readonly allocationId: AllocationId }[];
}

export function watchEngines(devices: readonly Device[]): EngineWatch {
  const seenTwice = new Set<string>();
  const startsAtFirst = countStarts();

  function countStarts(): number {
    return devices.reduce((sum, { server }) => sum + server.starts.length, 0);
  }

  const running = () =>
    devices.flatMap(({ name, engine }) =>
      engine.containers.filter(({ state }) => state === 'running').map(({ allocationId }) => ({ device: name, allocationId })),
    );

  function look(): void {
    const byAllocation = Map.groupBy(running(), ({ allocationId }) => allocationId);
    for (const [allocationId, places] of byAllocation)
      if (places.length > 1) seenTwice.add(`${allocationId} ran on ${places.map(({ device }) => device).join(' and ')} at once`);
  }

  const timer = setInterval(look, LOOK_EVERY_MS);
  return {
    get seenTwice() {
      return [...seenTwice];
    },
    startsOf: (allocationId) =>
      devices.reduce((sum, { server }) => sum + server.starts.filter((start) => start.allocationId === allocationId).length, 0),
    get starts() {
      return countStarts() - startsAtFirst;
    },
    running,
    [Symbol.asyncDispose]() {
      clearInterval(timer);
      return Promise.resolve();
    },
  };
}
