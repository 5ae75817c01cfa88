import type { Clock } from '@cloudless/kernel';

/** A clock's `sleep`, made of its timers. */
export function createSleep(setTimer: Clock['setTimer']): Clock['sleep'] {
  return (delayMs, signal) => {
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason as Error);
    };
    const timer = setTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
    return promise;
  };
}
