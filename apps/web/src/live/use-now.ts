'use client';

import { useSyncExternalStore } from 'react';
import { useLive } from './live-provider.tsx';

const TICK_MS = 1000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let now = 0;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}
function read(): number {
  if (now === 0 || timer === undefined) now = Date.now();
  return now;
}

/** This browser's time, once a second. One timer for the whole page. */
export const useBrowserNow = (): number => useSyncExternalStore(subscribe, read, () => 0);

/** The coordinator's time, once a second: what instants of the API compare with. */
export function useNow(): number {
  const skewMs = useLive(({ skewMs: skew }) => skew);
  return useBrowserNow() + skewMs;
}
