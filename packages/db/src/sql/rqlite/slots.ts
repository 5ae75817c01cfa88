import { createBoundedQueue } from '@cloudless/kernel';

export type Admission = 'granted' | 'full' | 'aborted';

/** A written limit on what runs at once, and on what waits for it. */
export interface Slots {
  /** `granted` obliges the caller to `release`. */
  acquire(signal: AbortSignal): Promise<Admission>;
  release(): void;
}

/**
 * @param atOnce how many run at the same time
 * @param waitingLimit how many more may wait, in order; beyond it `full`
 */
export function createSlots(atOnce: number, waitingLimit: number): Slots {
  type Waiting = { readonly settle: (admission: Admission) => void; isSettled: boolean };
  const waiting = createBoundedQueue<Waiting>(waitingLimit);
  let running = 0;

  return {
    acquire(signal) {
      if (signal.aborted) return Promise.resolve('aborted');
      if (running < atOnce) {
        running += 1;
        return Promise.resolve('granted');
      }
      const { promise, resolve } = Promise.withResolvers<Admission>();
      const onAbort = (): void => entry.settle('aborted');
      const entry: Waiting = {
        isSettled: false,
        settle(admission) {
          entry.isSettled = true;
          signal.removeEventListener('abort', onAbort);
          resolve(admission);
        },
      };
      if (!waiting.push(entry)) return Promise.resolve('full');
      signal.addEventListener('abort', onAbort, { once: true });
      return promise;
    },
    release() {
      let next = waiting.shift();
      while (next?.isSettled) next = waiting.shift();
      // The slot passes on without being free in between: who comes now waits behind those who came first.
      if (next) next.settle('granted');
      else running -= 1;
    },
  };
}
