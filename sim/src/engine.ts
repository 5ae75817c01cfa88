import type { ContainerPlan, ObservedContainer, Runtime } from '@cloudless/agent';
import { createFakeRuntime, type FakeRuntime } from '@cloudless/agent/fake';
import type { Clock } from '@cloudless/kernel';
import type { Draw } from './draw.ts';
import type { Incarnation } from './incarnation.ts';
import type { Plant } from './plants.ts';

/** The container engine of one device. It outlives the agent, as a real one does. */
export interface Engine {
  readonly breakable: FakeRuntime;
  readonly containers: readonly ObservedContainer[];
  /** The engine as one life of the agent reaches it: over a socket that takes time and ends with the agent. */
  bind(life: Incarnation): Runtime;
}

/** Images of the world and how they behave. */
const IMAGES: Readonly<Record<string, { readonly pullMs: number; readonly startMs: number; readonly stopMs: number }>> = {
  'sim/quick:1': { pullMs: 0, startMs: 30, stopMs: 20 },
  'sim/slow:1': { pullMs: 4000, startMs: 2500, stopMs: 1500 },
  'sim/stubborn:1': { pullMs: 500, startMs: 200, stopMs: 60_000 },
};
export const IMAGE_NAMES = Object.keys(IMAGES);

export function createEngine(clock: Clock, draw: Draw, plant: Plant | undefined): Engine {
  const breakable = createFakeRuntime({ clock, images: IMAGES });
  const slowestMs = draw.pick([0, 5, 40, 300]);
  const plans = new Map<string, ContainerPlan>();

  /** The planted bug: an engine that starts one more of the same, as a start that is sent twice would. */
  async function startTwin(containerId: string, signal: AbortSignal): Promise<void> {
    const plan = plans.get(containerId);
    if (plan) await breakable.start(await breakable.create(plan, signal), signal);
  }

  function bind(life: Incarnation): Runtime {
    const call = async <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
      await life.clock.sleep(draw.between(0, slowestMs), signal);
      return life.bound(work());
    };
    return {
      probe: () => life.bound(breakable.probe(new AbortController().signal)),
      async watch(owner, listener, signal) {
        const { ended } = await call(signal, () => breakable.watch(owner, (event) => life.enter(() => listener(event)), signal));
        return { ended: life.bound(ended) };
      },
      list: (owner, allocationId, signal) => call(signal, () => breakable.list(owner, allocationId, signal)),
      findImage: (image, signal) => call(signal, () => breakable.findImage(image, signal)),
      pull: (image, onProgress, signal) =>
        call(signal, () => breakable.pull(image, (progress) => life.enter(() => onProgress(progress)), signal)),
      load: (archive, signal) => call(signal, () => breakable.load(archive, signal)),
      async create(plan, signal) {
        const containerId = await call(signal, () => breakable.create(plan, signal));
        plans.set(containerId, plan);
        return containerId;
      },
      async start(containerId, signal) {
        await call(signal, () => breakable.start(containerId, signal));
        if (plant === 'starts-twice') await startTwin(containerId, signal);
      },
      stop: (containerId, graceMs, signal) =>
        plant === 'ignores-stop' ? Promise.resolve() : call(signal, () => breakable.stop(containerId, graceMs, signal)),
      kill: (containerId, signal) =>
        plant === 'ignores-stop' ? Promise.resolve() : call(signal, () => breakable.kill(containerId, signal)),
      remove: (containerId, signal) =>
        plant === 'ignores-stop' ? Promise.resolve() : call(signal, () => breakable.remove(containerId, signal)),
      async *logs(containerId, sinceNs, signal) {
        for await (const line of breakable.logs(containerId, sinceNs, signal)) yield await life.bound(Promise.resolve(line));
      },
      usage: (containerId, signal) => call(signal, () => breakable.usage(containerId, signal)),
    };
  }

  return {
    breakable,
    get containers() {
      return breakable.containers;
    },
    bind,
  };
}
