import type { Clock } from '../clock.ts';

export interface ManualClock extends Clock {
  /** Moves wall and boot time forward and fires due timers in order, letting promises settle between them. */
  advance(ms: number): Promise<void>;
  /** Steps the wall clock only, as NTP or a person would. */
  stepWall(ms: number): void;
  /** Timers that have not fired. */
  readonly pending: number;
  /** Boot time of the next timer, or `undefined` when none waits. */
  nextAtMs(): number | undefined;
}

type Waiting = { readonly atMs: number; readonly order: number; readonly fire: () => void };

/** Lets every promise that is already settled run its reactions. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

/** A clock that stands still until a test moves it. */
export function createManualClock(startWallMs = 1_700_000_000_000, startBootMs = 1_000_000): ManualClock {
  let wallMs = startWallMs;
  let bootMs = startBootMs;
  let order = 0;
  const waiting = new Set<Waiting>();

  const next = (): Waiting | undefined => {
    let first: Waiting | undefined;
    for (const timer of waiting) {
      if (!first || timer.atMs < first.atMs || (timer.atMs === first.atMs && timer.order < first.order)) first = timer;
    }
    return first;
  };

  const clock: ManualClock = {
    now: () => wallMs,
    bootMs: () => bootMs,
    setTimer(delayMs, fire) {
      order += 1;
      const timer: Waiting = { atMs: bootMs + Math.max(0, delayMs), order, fire };
      waiting.add(timer);
      return { cancel: () => void waiting.delete(timer) };
    },
    sleep(delayMs, signal) {
      if (signal?.aborted) return Promise.reject(signal.reason as Error);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const timer = clock.setTimer(delayMs, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      const onAbort = (): void => {
        timer.cancel();
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      return promise;
    },
    async advance(ms) {
      const untilMs = bootMs + ms;
      await settle();
      for (let due = next(); due && due.atMs <= untilMs; due = next()) {
        wallMs += due.atMs - bootMs;
        bootMs = due.atMs;
        waiting.delete(due);
        due.fire();
        await settle();
      }
      wallMs += untilMs - bootMs;
      bootMs = untilMs;
      await settle();
    },
    stepWall(ms) {
      wallMs += ms;
    },
    get pending() {
      return waiting.size;
    },
    nextAtMs: () => next()?.atMs,
  };
  return clock;
}
