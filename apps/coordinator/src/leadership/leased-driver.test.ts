import type { SqlDriver, SqlRows } from '@cloudless/db';
import { createManualClock } from '@cloudless/kernel/testing';
import { CloudlessError } from '@cloudless/proto';
import { describe, expect, it } from 'vitest';
import type { LeaseState } from './lease.ts';
import { withLease } from './leased-driver.ts';

const READ = { sql: 'SELECT 1' };
const ROWS: SqlRows = { columns: [], types: [], rows: [] };
const START_MS = 1_000_000;
const HELD: LeaseState = { kind: 'held', untilMs: START_MS + 60_000 };
const UNCONFIRMED: LeaseState = { kind: 'unconfirmed', sinceMs: START_MS };

/** A store whose answer to a read comes when told, and a lease that is what the test says. */
function openLeased(initial: LeaseState) {
  const clock = createManualClock(undefined, START_MS);
  const answer = Promise.withResolvers<SqlRows>();
  const listeners = new Set<(state: LeaseState) => void>();
  let state = initial;
  const driver: SqlDriver = {
    query(_statement, { signal } = {}) {
      const { promise, reject } = Promise.withResolvers<SqlRows>();
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      return Promise.race([answer.promise, promise]);
    },
    batch: () => Promise.resolve({ kind: 'committed', results: [] }),
    stop: () => Promise.resolve(),
  };
  const lease = {
    state: () => state,
    trouble: 'connection refused',
    onChange(listener: (state: LeaseState) => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  return {
    clock,
    answer,
    listeners,
    leased: withLease(driver, lease, clock),
    become(next: LeaseState) {
      state = next;
      for (const listener of listeners) listener(next);
    },
  };
}

describe('a database whose lease is not confirmed', () => {
  it('tells whoever reads soon that it does not answer, and for how long', async () => {
    const { clock, leased, listeners } = openLeased(UNCONFIRMED);
    await clock.advance(7000);
    const told = leased.query(READ).catch((cause: unknown) => cause);
    await clock.advance(500);
    const cause = await told;
    expect(cause).toBeInstanceOf(CloudlessError);
    expect(cause).toMatchObject({ code: 'store_unavailable', message: expect.stringMatching(/for 8 s.*connection refused/) as string });
    expect(listeners.size).toBe(0);
  });

  it('gives up reads that were on their way when the lease ran out', async () => {
    const { clock, leased, become } = openLeased(HELD);
    const told = leased.query(READ).catch((cause: unknown) => cause);
    await clock.advance(4000);
    become(UNCONFIRMED);
    await clock.advance(500);
    expect(await told).toMatchObject({ code: 'store_unavailable' });
  });

  it('serves a read that is answered', async () => {
    const { answer, leased } = openLeased(UNCONFIRMED);
    answer.resolve(ROWS);
    expect(await leased.query(READ)).toBe(ROWS);
  });

  it('takes no change', async () => {
    const { leased } = openLeased(UNCONFIRMED);
    expect(await leased.batch([READ], { id: 'b' })).toMatchObject({ kind: 'failed', failure: { kind: 'unavailable' } });
  });
});

describe('a read while the lease is held', () => {
  it('waits as long as the store takes: an election is no outage', async () => {
    const { clock, answer, leased } = openLeased(HELD);
    const read = leased.query(READ);
    await clock.advance(3900);
    answer.resolve(ROWS);
    expect(await read).toBe(ROWS);
  });

  it('is not given up when the lease is confirmed again', async () => {
    const { clock, answer, leased, become } = openLeased(UNCONFIRMED);
    const read = leased.query(READ);
    become(HELD);
    await clock.advance(3000);
    answer.resolve(ROWS);
    expect(await read).toBe(ROWS);
  });
});
