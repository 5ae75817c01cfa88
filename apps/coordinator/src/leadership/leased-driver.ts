import type { SqlDriver } from '@cloudless/db';
import type { Clock } from '@cloudless/kernel';
import type { Lease } from './hold-lease.ts';

/**
 * The same database, which takes no change while the lease is not confirmed: the token would refuse it if another leads, and a caller is
 * told at once instead. Reads go on.
 */
export function withLease(driver: SqlDriver, lease: Pick<Lease, 'state' | 'trouble'>, clock: Pick<Clock, 'bootMs'>): SqlDriver {
  function refusal(): string | undefined {
    const state = lease.state();
    if (state.kind === 'held') return undefined;
    if (state.kind === 'lost') return `${state.reason}; this one writes no more`;
    const seconds = Math.max(1, Math.round((clock.bootMs() - state.sinceMs) / 1000));
    const why = lease.trouble === undefined ? '' : ` (${lease.trouble})`;
    return `this coordinator could not confirm for ${seconds} s that it leads${why}; what is shown may be old, and apps go on`;
  }
  return {
    query: (statement, options) => driver.query(statement, options),
    batch(statements, options) {
      const message = refusal();
      if (message === undefined) return driver.batch(statements, options);
      return Promise.resolve({ kind: 'failed', failure: { kind: 'unavailable', message }, statement: -1 });
    },
    stop: () => driver.stop(),
  };
}
