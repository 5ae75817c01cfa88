import type { SqlDriver } from '@cloudless/db';
import type { Clock, Timer } from '@cloudless/kernel';
import { CloudlessError, saying } from '@cloudless/proto';
import type { Lease } from './hold-lease.ts';

/** What a read may take while the lease is not confirmed: the store most likely does not answer, and somebody waits for a page. */
const READ_MS = 500;

/**
 * The same database, which takes no change while the lease is not confirmed: the token would refuse it if another leads, and a caller is
 * told at once instead. Reads go on, but do not wait for a store that is away, nor do those that were on their way.
 */
export function withLease(driver: SqlDriver, lease: Pick<Lease, 'state' | 'trouble' | 'onChange'>, clock: Clock): SqlDriver {
  function refusal(): string | undefined {
    const state = lease.state();
    if (state.kind === 'held') return undefined;
    if (state.kind === 'lost') return `${state.reason}; this one writes no more`;
    const seconds = Math.max(1, Math.round((clock.bootMs() - state.sinceMs) / 1000));
    const why = lease.trouble === undefined ? '' : ` (${lease.trouble})`;
    return `this coordinator could not confirm for ${seconds} s that it leads${why}; what is shown may be old, and apps go on`;
  }

  /** A signal that gives a read up when the lease has not been confirmed for so long meanwhile. */
  function watchLease() {
    const controller = new AbortController();
    let timer: Timer | undefined;
    const giveUp = (): void =>
      controller.abort(
        new CloudlessError(
          'store_unavailable',
          `The database did not answer a read: ${refusal() ?? `not within ${READ_MS} ms`}.`,
          saying('readUnanswered', {}),
        ),
      );
    function watch(): void {
      timer?.cancel();
      timer = lease.state().kind === 'unconfirmed' ? clock.setTimer(READ_MS, giveUp) : undefined;
    }
    const stopWatching = lease.onChange(watch);
    watch();
    return {
      signal: controller.signal,
      [Symbol.dispose]() {
        timer?.cancel();
        stopWatching();
      },
    };
  }

  return {
    async query(statement, { signal } = {}) {
      using watched = watchLease();
      return await driver.query(statement, { signal: signal ? AbortSignal.any([signal, watched.signal]) : watched.signal });
    },
    batch(statements, options) {
      const message = refusal();
      if (message === undefined) return driver.batch(statements, options);
      return Promise.resolve({ kind: 'failed', failure: { kind: 'unavailable', message }, statement: -1 });
    },
    stop: () => driver.stop(),
  };
}
