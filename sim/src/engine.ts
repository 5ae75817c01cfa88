import type { ContainerPlan, ObservedContainer, Runtime, WatchdogEngine } from '@cloudless/agent';
import { createFakeRuntime, type FakeRuntime } from '@cloudless/agent/fake';
import { withDeadline, type Clock } from '@cloudless/kernel';
import type { AllocationId } from '@cloudless/proto';
import type { Draw } from './draw.ts';
import { imageOf, type EngineMood } from './images.ts';
import type { Incarnation } from './incarnation.ts';
import type { Plant } from './plants.ts';

/** An agent asked to end a container that ran. */
export type Stopped = { readonly allocationId: AllocationId; readonly containerId: string; readonly generation: number };

/** As of the real one, beyond the grace of a stop. */
const WATCHDOG_DEADLINE_MS = 10_000;

/** The container engine of one device. It outlives the agent, as a real one does. */
export interface Engine {
  readonly breakable: FakeRuntime;
  readonly containers: readonly ObservedContainer[];
  /** Grows with each change of what it holds. */
  readonly changes: number;
  /** How it treats images and requests now. */
  readonly mood: EngineMood;
  /** What agents asked to end since this was last taken. */
  takeStopped(): readonly Stopped[];
  /** The engine as one life of the agent reaches it: over a socket that takes time and ends with the agent. */
  bind(life: Incarnation): Runtime;
  /** As the watchdog reaches it. */
  bindWatchdog(life: Incarnation): WatchdogEngine;
  /** It answers, ends what it is told to end, and starts what it is told to start without delay. */
  readonly isObeying: boolean;
}

export function createEngine(clock: Clock, draw: Draw, plant: Plant | undefined): Engine {
  const mood: EngineMood = { flaps: false, slowBy: 1, stopsHang: false };
  const breakable = createFakeRuntime({ clock, images: (name) => imageOf(name, mood) });
  const slowestMs = draw.pick([0, 5, 40, 300]);
  const plans = new Map<string, ContainerPlan>();
  let stopped: Stopped[] = [];

  /** The planted bug: an engine that starts one more of the same, as a start that is sent twice would. */
  async function startTwin(containerId: string, signal: AbortSignal): Promise<void> {
    const plan = plans.get(containerId);
    if (plan) await breakable.start(await breakable.create(plan, signal), signal);
  }

  /** The planted bug: an agent that ends a container of its own accord. */
  function stopLater(containerId: string, life: Incarnation): void {
    life.clock.setTimer(60_000, () => {
      noteStop(containerId);
      void breakable.kill(containerId, new AbortController().signal);
    });
  }

  function noteStop(containerId: string): void {
    const running = breakable.containers.find((one) => one.containerId === containerId && one.state === 'running');
    if (running) stopped.push({ containerId, allocationId: running.allocationId, generation: running.generation });
  }

  function bind(life: Incarnation): Runtime {
    const call = async <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
      // What was sent arrives, also when its sender stands still by then.
      await clock.sleep(draw.between(0, slowestMs), signal);
      return await (life.isAlive ? life.bound(work()) : neverUntil(signal));
    };
    /** A request that ends a container: answered never while such requests hang. */
    const end = async (containerId: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> => {
      if (plant === 'ignores-stop') return;
      if (mood.stopsHang) return await neverUntil(signal);
      return await call(signal, () => {
        noteStop(containerId);
        return work();
      });
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
        if (plant === 'stops-at-will') stopLater(containerId, life);
      },
      stop: (containerId, graceMs, signal) => end(containerId, signal, () => breakable.stop(containerId, graceMs, signal)),
      kill: (containerId, signal) => end(containerId, signal, () => breakable.kill(containerId, signal)),
      remove: (containerId, signal) => end(containerId, signal, () => breakable.remove(containerId, signal)),
      async *logs(containerId, sinceNs, signal) {
        for await (const line of breakable.logs(containerId, sinceNs, signal)) yield await life.bound(Promise.resolve(line));
      },
      diskUse: (owner, signal) => call(signal, () => breakable.diskUse(owner, signal)),
      usage: (containerId, signal) => call(signal, () => breakable.usage(containerId, signal)),
    };
  }

  function bindWatchdog(life: Incarnation): WatchdogEngine {
    const runtime = bind(life);
    return {
      async list(owner) {
        const all = await withDeadline(
          life.clock,
          'listing containers',
          WATCHDOG_DEADLINE_MS,
          (signal) => runtime.list(owner, undefined, signal),
          new AbortController().signal,
        );
        return all.filter(({ containerId, state }) => state === 'running' && plans.get(containerId)?.exclusive);
      },
      stop: ({ containerId, graceMs }) =>
        withDeadline(
          life.clock,
          'stopping the container',
          graceMs + WATCHDOG_DEADLINE_MS,
          (signal) => runtime.stop(containerId, graceMs, signal),
          new AbortController().signal,
        ),
    };
  }

  /** Looked at after every step, and changed by few. */
  let seen: { readonly at: number; readonly containers: readonly ObservedContainer[] } | undefined;

  return {
    breakable,
    get containers() {
      if (seen?.at !== breakable.changes) seen = { at: breakable.changes, containers: breakable.containers };
      return seen.containers;
    },
    get changes() {
      return breakable.changes;
    },
    mood,
    takeStopped() {
      const taken = stopped;
      stopped = [];
      return taken;
    },
    bind,
    bindWatchdog,
    get isObeying() {
      return !breakable.isDown && !mood.stopsHang && mood.slowBy === 1;
    },
  };
}

const neverUntil = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
  });
