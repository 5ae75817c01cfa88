import type { Clock } from '@cloudless/kernel';
import { createSleep } from './time/sleep.ts';

/**
 * One life of a program: everything it does to the world goes through here, so that it can be stopped as `kill -9` and `SIGSTOP` do,
 * between any two steps. What a killed program still computes reaches nothing.
 */
export interface Incarnation {
  readonly name: string;
  readonly isAlive: boolean;
  /** Time as this program sees it; its timers die with it. */
  readonly clock: Clock;
  /** Something reaches the program: now, after the pause, or never. */
  enter(run: () => void): void;
  /** An answer of the world: settles at once, after the pause, or never. */
  bound<T>(answer: Promise<T>): Promise<T>;
  pause(): void;
  resume(): void;
  kill(): void;
}

/** @param machine the clock of the machine that it runs on */
export function createIncarnation(name: string, machine: Clock): Incarnation {
  let isAlive = true;
  let isPaused = false;
  let queue: (() => void)[] = [];

  function enter(run: () => void): void {
    if (!isAlive) return;
    if (isPaused) queue.push(run);
    else run();
  }
  const setTimer: Clock['setTimer'] = (delayMs, fire) => {
    let isCancelled = false;
    const timer = machine.setTimer(delayMs, () =>
      enter(() => {
        if (!isCancelled) fire();
      }),
    );
    return {
      cancel() {
        isCancelled = true;
        timer.cancel();
      },
    };
  };
  const clock: Clock = { now: () => machine.now(), bootMs: () => machine.bootMs(), setTimer, sleep: createSleep(setTimer) };
  return {
    name,
    get isAlive() {
      return isAlive;
    },
    clock,
    enter,
    bound: (answer) =>
      new Promise((resolve, reject) => {
        answer.then(
          (value) => enter(() => resolve(value)),
          (cause: unknown) => enter(() => reject(cause as Error)),
        );
      }),
    pause() {
      isPaused = true;
    },
    resume() {
      isPaused = false;
      const waiting = queue;
      queue = [];
      for (const run of waiting) enter(run);
    },
    kill() {
      isAlive = false;
      queue = [];
    },
  };
}
