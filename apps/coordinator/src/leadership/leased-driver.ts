import type { SqlDriver } from '@cloudless/db';
import { DeadlineExceeded, withDeadline, type Clock } from '@cloudless/kernel';
import { CloudlessError } from '@cloudless/proto';
import type { Lease } from './hold-lease.ts';

/** A read while the lease is not confirmed: the store most likely does not answer, and somebody waits for a page. */
const READ_MS = 1_000;

/**
 * The same database, which takes no change while the lease is not confirmed: the token would refuse it if another leads, and a caller is
 * told at once instead. Reads go on, but wait a second at most instead of looking for a leader of the store.
 */
export function withLease(driver: SqlDriver, lease: Pick<Lease, 'state' | 'trouble'>, clock: Clock): SqlDriver {
  function refusal(): string | undefined {
    const state = lease.state();
    if (state.kind === 'held') return undefined;
    if (state.kind === 'lost') return `${state.reason}; this one writes no more`;
    const seconds = Math.max(1, Math.round((clock.bootMs() - state.sinceMs) / 1000));
    const why = lease.trouble === undefined ? '' : ` (${lease.trouble})`;
    return `this coordinator could not confirm for ${seconds} s that it leads${why}; what is shown may be old, and apps go on`;
  }
  return {
    async query(statement, options = {}) {
      const message = refusal();
      if (message === undefined) return await driver.query(statement, options);
      try {
        return await withDeadline(clock, 'the read', READ_MS, (signal) => driver.query(statement, { signal }), options.signal);
      } catch (cause) {
        if (!(cause instanceof DeadlineExceeded)) throw cause;
        throw new CloudlessError('store_unavailable', `The database does not answer: ${message}.`, { cause });
      }
    },
    batch(statements, options) {
      const message = refusal();
      if (message === undefined) return driver.batch(statements, options);
      return Promise.resolve({ kind: 'failed', failure: { kind: 'unavailable', message }, statement: -1 });
    },
    stop: () => driver.stop(),
  };
}
