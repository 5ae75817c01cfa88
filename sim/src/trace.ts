// Hashing a trace is no chance: the same lines give the same digest.
// oxlint-disable-next-line eslint/no-restricted-imports
import { createHash } from 'node:crypto';
import type { Clock, Logger, WideEvent, WideEventValue } from '@cloudless/kernel';

/** One wide event: when (virtual ms since the start), whose, and what. */
export type TraceEvent = WideEvent & { readonly atMs: number; readonly who: string; readonly level: string; readonly cause?: string };

/** Everything that anybody in the world says, in order. Two runs of one seed have the same hash, or something in them is not decided by the seed. */
export interface Trace {
  note(who: string, event: WideEvent): void;
  /** The log of one program; it falls silent when the program is dead. */
  loggerOf(who: string, isAlive: () => boolean): Logger;
  readonly count: number;
  /** SHA-256 of all lines so far, hex. */
  readonly hash: string;
  /** The newest events as lines. */
  readonly tail: readonly string[];
}

const TAIL = 40;

export function createTrace(clock: Pick<Clock, 'bootMs'>, onEvent: (event: TraceEvent, line: string) => void): Trace {
  const startedAtMs = clock.bootMs();
  const digest = createHash('sha256');
  let tail: string[] = [];
  let count = 0;

  function take(who: string, level: string, event: WideEvent, cause?: unknown): void {
    const taken: TraceEvent = {
      atMs: clock.bootMs() - startedAtMs,
      who,
      level,
      ...event,
      ...(cause === undefined ? {} : { cause: String(cause) }),
    };
    const line = JSON.stringify(taken);
    digest.update(line).update('\n');
    count += 1;
    tail.push(line);
    if (tail.length > TAIL * 4) tail = tail.slice(-TAIL);
    onEvent(taken, line);
  }

  function loggerOf(who: string, isAlive: () => boolean, fields: Readonly<Record<string, WideEventValue>> = {}): Logger {
    const at = (level: string) => (event: WideEvent, cause?: unknown) => {
      if (isAlive()) take(who, level, { ...fields, ...event }, cause);
    };
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      with: (more) => loggerOf(who, isAlive, { ...fields, ...more }),
    };
  }

  return {
    note: (who, event) => take(who, 'world', event),
    loggerOf,
    get count() {
      return count;
    },
    get hash() {
      return digest.copy().digest('hex');
    },
    get tail() {
      return tail.slice(-TAIL);
    },
  };
}
