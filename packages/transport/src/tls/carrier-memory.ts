import type { Clock } from '@cloudless/kernel';

/** Networks change, and a WebSocket costs more: after this long the way is asked again. */
const REMEMBERED_MS = 3_600_000;

/** Addresses whose way swallows the question for the connection itself and lets WebSockets through, so that not every dial waits for an answer that does not come. */
export interface CarrierMemory {
  isWebSocketOnly(url: string): boolean;
  noteWebSocketOnly(url: string): void;
  /** What was remembered did not help. */
  forget(url: string): void;
}

export function createCarrierMemory(clock: Pick<Clock, 'bootMs'>): CarrierMemory {
  const notedAtMs = new Map<string, number>();
  return {
    isWebSocketOnly: (url) => clock.bootMs() - (notedAtMs.get(url) ?? -Infinity) < REMEMBERED_MS,
    noteWebSocketOnly: (url) => void notedAtMs.set(url, clock.bootMs()),
    forget: (url) => void notedAtMs.delete(url),
  };
}
