import type { Clock, Timer } from '@cloudless/kernel';
import { createSleep } from './sleep.ts';

/** How one machine sees time: its crystal runs off, its wall clock is set, and it sleeps. */
export interface MachineClock extends Clock {
  /** Sets the wall clock to so much off the true time. */
  setWallOff(ms: number): void;
  /** Sets the wall clock to the first of January 1970, as a machine does whose battery is empty. */
  setWall1970(): void;
  /** As on Linux: nothing runs, timers stand still, and boot time goes on. */
  suspend(): void;
  /** Timers go on with what they had left. */
  wake(): void;
  readonly isSuspended: boolean;
}

type Armed = { readonly fire: () => void; remainingMs: number; atMs: number; timer: Timer | undefined };

/** @param drift how much faster its boot time runs than the world's: 0.01 is one per cent */
export function createMachineClock(world: Clock, drift: number): MachineClock {
  const bornMs = world.bootMs();
  const armed = new Set<Armed>();
  let wallOffMs = 0;
  let isSuspended = false;

  function arm(one: Armed): void {
    one.atMs = world.bootMs() + one.remainingMs;
    one.timer = world.setTimer(one.remainingMs, () => {
      armed.delete(one);
      one.fire();
    });
  }
  const setTimer: Clock['setTimer'] = (delayMs, fire) => {
    const one: Armed = { fire, remainingMs: Math.ceil(Math.max(0, delayMs) / (1 + drift)), atMs: 0, timer: undefined };
    armed.add(one);
    if (!isSuspended) arm(one);
    return {
      cancel() {
        armed.delete(one);
        one.timer?.cancel();
      },
    };
  };

  return {
    now: () => world.now() + wallOffMs,
    bootMs: () => bornMs + Math.floor((world.bootMs() - bornMs) * (1 + drift)),
    setTimer,
    sleep: createSleep(setTimer),
    setWallOff(ms) {
      wallOffMs = ms;
    },
    setWall1970() {
      wallOffMs = 0 - world.now();
    },
    suspend() {
      if (isSuspended) return;
      isSuspended = true;
      for (const one of armed) {
        one.timer?.cancel();
        one.remainingMs = one.atMs - world.bootMs();
      }
    },
    wake() {
      if (!isSuspended) return;
      isSuspended = false;
      for (const one of armed) arm(one);
    },
    get isSuspended() {
      return isSuspended;
    },
  };
}
