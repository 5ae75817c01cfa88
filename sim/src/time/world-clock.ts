import type { Clock } from '@cloudless/kernel';
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

/** A binary heap of timers; those that were cancelled are left in it until they are due, or are the greater part of it. */
export function createWorldClock(): WorldClock {
  let bootMs = START_BOOT_MS;
  let order = 0;
  let cancelled = 0;
  let heap: Waiting[] = [];

  function rise(index: number): void {
    const timer = heap[index];
    if (!timer) return;
    let at = index;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (!parent || !isBefore(timer, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = timer;
  }

  function sink(index: number): void {
    const timer = heap[index];
    if (!timer) return;
    let at = index;
    for (;;) {
      const left = 2 * at + 1;
      const [first, second] = [heap[left], heap[left + 1]];
      if (!first) break;
      const [below, child] = second && isBefore(second, first) ? [left + 1, second] : [left, first];
      if (!isBefore(child, timer)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = timer;
  }

  function removeFirst(): void {
    const last = heap.pop();
    if (last && heap.length > 0) {
      heap[0] = last;
      sink(0);
    }
  }

  /** The next timer that was not cancelled. */
  function next(): Waiting | undefined {
    while (heap[0] && !heap[0].fire) {
      removeFirst();
      cancelled -= 1;
    }
    return heap[0];
  }

  function forgetCancelled(): void {
    heap = heap.filter(({ fire }) => fire !== undefined);
    cancelled = 0;
    for (let index = (heap.length >> 1) - 1; index >= 0; index -= 1) sink(index);
  }

  const setTimer: Clock['setTimer'] = (delayMs, fire) => {
    order += 1;
    const timer: Waiting = { atMs: bootMs + Math.max(0, Math.ceil(delayMs)), order, fire };
    heap.push(timer);
    rise(heap.length - 1);
    return {
      cancel() {
        if (!timer.fire) return;
        timer.fire = undefined;
        cancelled += 1;
        if (cancelled > 64 && cancelled > heap.length / 2) forgetCancelled();
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
      removeFirst();
      bootMs = timer.atMs;
      const { fire } = timer;
      timer.fire = undefined;
      fire?.();
      return true;
    },
    get pending() {
      return heap.length - cancelled;
    },
  };
}
