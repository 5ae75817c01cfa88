import { createHeap, type Clock } from '@cloudless/kernel';
import { createSleep } from './sleep.ts';

/** The time of the world: every machine's own clock is made of it. It moves from timer to timer. */
export interface WorldClock extends Clock {
  /** Moves to the next timer that is due by `untilMs` (boot time) and fires it. `false`: none was, and it is `untilMs` now. */
  step(untilMs: number): boolean;
  /** Timers that wait. */
  readonly pending: number;
}

type Waiting = { readonly atMs: number; readonly order: number; fire: (() => void) | undefined };

const START_WALL_MS = 1_700_000_000_000;
const START_BOOT_MS = 1_000_000;

const isBefore = (a: Waiting, b: Waiting): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

/** Timers are in a heap; those that were cancelled are left in it until they are due, or are the greater part of it. */
export function createWorldClock(): WorldClock {
  let bootMs = START_BOOT_MS;
  let order = 0;
  let cancelled = 0;
  const heap = createHeap(isBefore);

  /** The next timer that was not cancelled. */
  function next(): Waiting | undefined {
    while (heap.first && !heap.first.fire) {
      heap.removeFirst();
      cancelled -= 1;
    }
    return heap.first;
  }

  function forgetCancelled(): void {
    heap.retain(({ fire }) => fire !== undefined);
    cancelled = 0;
  }

  const setTimer: Clock['setTimer'] = (delayMs, fire) => {
    order += 1;
    const timer: Waiting = { atMs: bootMs + Math.max(0, Math.ceil(delayMs)), order, fire };
    heap.push(timer);
    return {
      cancel() {
        if (!timer.fire) return;
        timer.fire = undefined;
        cancelled += 1;
        if (cancelled > 64 && cancelled > heap.size / 2) forgetCancelled();
      },
    };
  };

  return {
    now: () => START_WALL_MS + bootMs - START_BOOT_MS,
    bootMs: () => bootMs,
    setTimer,
    sleep: createSleep(setTimer),
    step(untilMs) {
      const timer = next();
      if (!timer || timer.atMs > untilMs) {
        bootMs = Math.max(bootMs, untilMs);
        return false;
      }
      heap.removeFirst();
      bootMs = timer.atMs;
      const { fire } = timer;
      timer.fire = undefined;
      fire?.();
      return true;
    },
    get pending() {
      return heap.size - cancelled;
    },
  };
}
