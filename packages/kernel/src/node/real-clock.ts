import { readFileSync } from 'node:fs';
import { setTimeout as sleepFor } from 'node:timers/promises';
import type { Clock } from '../clock.ts';

/** Longest delay a Node timer takes; a longer one fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Steps of `/proc/uptime`. */
const STEP_MS = 10;

/** Boot time that counts suspend: `/proc/uptime` on Linux (10 ms steps), the monotonic clock elsewhere. */
function createBootTime(): () => number {
  try {
    const uptimeMs = (): number => Math.round(Number.parseFloat(readFileSync('/proc/uptime', 'utf8')) * 1000);
    if (Number.isFinite(uptimeMs())) return oncePerStep(uptimeMs);
  } catch {
    // Not Linux: fall through to the monotonic clock.
  }
  return () => performance.now();
}

/** Reads once a step: a file read a message would be a tenth of what a busy coordinator does. A suspend shows a step after its end at the latest. */
function oncePerStep(uptimeMs: () => number): () => number {
  let readAt = -Infinity;
  let read = 0;
  return () => {
    const now = performance.now();
    if (now - readAt < STEP_MS) return read;
    readAt = now;
    read = uptimeMs();
    return read;
  };
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
