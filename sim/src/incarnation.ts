import type { Clock } from '@cloudless/kernel';

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

/** @param skewMs how far the wall clock of its machine is off */
export function createIncarnation(name: string, world: Clock, skewMs: () => number = () => 0): Incarnation {
  let isAlive = true;
  let isPaused = false;
  let queue: (() => void)[] = [];

  function enter(run: () => void): void {
    if (!isAlive) return;
    if (isPaused) queue.push(run);
    else run();
  }
  const clock: Clock = {
    now: () => world.now() + skewMs(),
    bootMs: () => world.bootMs(),
    setTimer(delayMs, fire) {
      let isCancelled = false;
      const timer = world.setTimer(delayMs, () =>
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
    },
    sleep(delayMs, signal) {
      if (signal?.aborted) return Promise.reject(signal.reason as Error);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const onAbort = (): void => {
        timer.cancel();
        reject(signal?.reason as Error);
      };
      const timer = clock.setTimer(delayMs, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      return promise;
    },
  };
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
