import type { Checker } from './checker.ts';

/** However often agents die between asking an engine and hearing from it, an allocation has one container that runs. */
export const oneContainer: Checker = {
  name: 'an allocation runs at most once',
  look({ devices }) {
    const runningOn = new Map<string, string>();
    for (const { identity, engine } of devices) {
      for (const { allocationId, state, containerId } of engine.containers) {
        if (state !== 'running') continue;
        const here = `${identity.name}/${containerId}`;
        const there = runningOn.get(allocationId);
        if (there !== undefined) return `${allocationId} runs as ${there} and as ${here}`;
        runningOn.set(allocationId, here);
      }
    }
    return undefined;
  },
};
