import type { ProcedureOutput } from '@cloudless/proto';

/** Elements that wait for a slow reader; the agents wait with them. */
const MAX_WAITING = 2000;
/** Elements told at once. */
const MAX_TOGETHER = 500;

export type LogElement = ProcedureOutput<'log.follow'>;

/** What has arrived from several replicas and was not told yet. Who puts waits while it is full; after the abort nobody waits. */
export interface LogInbox {
  put(element: LogElement): Promise<void>;
  /** At least one element; none after the abort. */
  take(): Promise<readonly LogElement[]>;
}

export function createLogInbox(signal: AbortSignal): LogInbox {
  const waiting: LogElement[] = [];
  let news = Promise.withResolvers<void>();
  let room = Promise.withResolvers<void>();
  const wake = (): void => {
    news.resolve();
    room.resolve();
  };
  if (signal.aborted) wake();
  signal.addEventListener('abort', wake, { once: true });
  return {
    async put(element) {
      while (waiting.length >= MAX_WAITING && !signal.aborted) await room.promise;
      if (signal.aborted) return;
      waiting.push(element);
      news.resolve();
    },
    async take() {
      await news.promise;
      if (signal.aborted) return [];
      const taken = waiting.splice(0, MAX_TOGETHER);
      if (waiting.length === 0) news = Promise.withResolvers();
      room.resolve();
      room = Promise.withResolvers();
      return taken;
    },
  };
}

/** Neighbouring lines as one element. */
export function mergeLines(elements: readonly LogElement[]): LogElement[] {
  const merged: LogElement[] = [];
  for (const element of elements) {
    const last = merged.at(-1);
    if (element.kind === 'lines' && last?.kind === 'lines') last.lines.push(...element.lines);
    else merged.push(element.kind === 'lines' ? { kind: 'lines', lines: [...element.lines] } : element);
  }
  return merged;
}
