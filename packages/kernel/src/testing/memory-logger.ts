import type { Logger, WideEvent, WideEventValue } from '../logger.ts';

export interface MemoryLogger extends Logger {
  readonly events: readonly (WideEvent & { readonly level: string; readonly cause?: unknown })[];
}

/** Keeps every event for a test to read. */
export function createMemoryLogger(): MemoryLogger {
  const events: (WideEvent & { level: string })[] = [];
  const wrap = (fields: Readonly<Record<string, WideEventValue>>): MemoryLogger => {
    const at = (level: string) => (event: WideEvent, cause?: unknown) => {
      events.push({ ...fields, ...event, level, ...(cause === undefined ? {} : { cause: String(cause) }) });
    };
    return {
      events,
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      with: (more) => wrap({ ...fields, ...more }),
    };
  };
  return wrap({});
}
