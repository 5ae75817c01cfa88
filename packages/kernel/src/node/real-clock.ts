import { readFileSync } from 'node:fs';
import { setTimeout as sleepFor } from 'node:timers/promises';
import type { Clock } from '../clock.ts';

/** Longest delay a Node timer takes; a longer one fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Boot time that counts suspend: `/proc/uptime` on Linux (10 ms steps), the monotonic clock elsewhere. */
function createBootTime(): () => number {
  try {
    const uptimeMs = (): number => Math.round(Number.parseFloat(readFileSync('/proc/uptime', 'utf8')) * 1000);
    if (Number.isFinite(uptimeMs())) return uptimeMs;
  } catch {
    // Not Linux: fall through to the monotonic clock.
  }
  return () => performance.now();
}

/** The machine's clock and timers. */
export function createRealClock(): Clock {
  return {
    now: () => Date.now(),
    bootMs: createBootTime(),
    setTimer(delayMs, fire) {
      const timer = setTimeout(fire, Math.min(Math.max(0, delayMs), MAX_TIMER_MS));
      return { cancel: () => clearTimeout(timer) };
    },
    async sleep(delayMs, signal) {
      try {
        await sleepFor(Math.min(Math.max(0, delayMs), MAX_TIMER_MS), undefined, signal ? { signal } : {});
      } catch (error) {
        signal?.throwIfAborted();
        throw error;
      }
    },
  };
}
