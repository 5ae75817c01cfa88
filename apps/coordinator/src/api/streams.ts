import type { Clock } from '@cloudless/kernel';
import { CloudlessError, isCloudlessError, saying, type Permission } from '@cloudless/proto';
import type { People } from '../people/people.ts';
import { authorise } from './authorise.ts';
import type { ApiContext } from './call.ts';

/** Streams at once that one connection may follow. A page follows two. */
const MAX_OF_CONNECTION = 32;
/** Streams at once over all. */
const MAX_STREAMS = 2048;
/** Sessions and tokens run out without a word: so often the caller of each stream is looked at again. */
const CHECK_MS = 60_000;

export type OpenStream = {
  /** Aborts when the reader leaves or loses the right to read; then `reason` is why. */
  readonly signal: AbortSignal;
  /** @throws CloudlessError `unauthenticated`, `forbidden` when the right was lost */
  throwIfLost(): void;
  [Symbol.dispose](): void;
};

/** Streams live for hours: counts them, and ends one when its caller may not read it any more. */
export interface Streams {
  /** @throws CloudlessError `overloaded` */
  open(context: ApiContext, permission: Permission, signal: AbortSignal): OpenStream;
}

export function createStreams({
  people,
  clock,
}: {
  readonly people: Pick<People, 'authenticate' | 'onRevoked'>;
  readonly clock: Clock;
}): Streams {
  const counts = new WeakMap<ApiContext, number>();
  let total = 0;

  function count(context: ApiContext, by: 1 | -1): void {
    counts.set(context, (counts.get(context) ?? 0) + by);
    total += by;
  }

  return {
    open(context, permission, signal) {
      if ((counts.get(context) ?? 0) >= MAX_OF_CONNECTION || total >= MAX_STREAMS) {
        throw new CloudlessError(
          'overloaded',
          `A connection follows ${MAX_OF_CONNECTION} streams at most, and the coordinator ${MAX_STREAMS}.`,
          saying('tooManyStreams', {}),
        );
      }
      count(context, 1);
      const lost = new AbortController();
      const closed = new AbortController();
      async function check(): Promise<void> {
        try {
          authorise(await people.authenticate(context.origin.headers), permission);
        } catch (cause) {
          // While the database is away nobody loses a right.
          if (isCloudlessError(cause) && (cause.code === 'unauthenticated' || cause.code === 'forbidden')) lost.abort(cause);
        }
      }
      async function checkNowAndThen(): Promise<void> {
        while (!closed.signal.aborted) {
          await clock.sleep(CHECK_MS, closed.signal).catch(() => undefined);
          if (!closed.signal.aborted) await check();
        }
      }
      const unsubscribe = people.onRevoked(() => void check());
      void checkNowAndThen();
      return {
        signal: AbortSignal.any([signal, lost.signal]),
        throwIfLost: () => lost.signal.throwIfAborted(),
        [Symbol.dispose]() {
          count(context, -1);
          unsubscribe();
          closed.abort(new Error('the stream was closed'));
        },
      };
    },
  };
}
