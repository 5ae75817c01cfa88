import type { SqlDriver, SqlRows } from '@cloudless/db';
import { createManualClock } from '@cloudless/kernel/testing';
import { CloudlessError } from '@cloudless/proto';
import { describe, expect, it } from 'vitest';
import type { LeaseState } from './lease.ts';
import { withLease } from './leased-driver.ts';

const READ = { sql: 'SELECT 1' };
const ROWS: SqlRows = { columns: [], types: [], rows: [] };

/** A store whose answers to reads come when told. */
function openLeased(state: LeaseState) {
  const clock = createManualClock();
  const answer = Promise.withResolvers<SqlRows>();
  const driver: SqlDriver = {
    query: () => answer.promise,
    batch: () => Promise.resolve({ kind: 'committed', results: [] }),
    stop: () => Promise.resolve(),
  };
  return { clock, answer, leased: withLease(driver, { state: () => state, trouble: 'connection refused' }, clock) };
}

describe('a database whose lease is not confirmed', () => {
  it('tells whoever reads within a second that it does not answer, and for how long', async () => {
    const { clock, leased } = openLeased({ kind: 'unconfirmed', sinceMs: 1_000_000 });
    await clock.advance(7000);
    const told = leased.query(READ).catch((cause: unknown) => cause);
    await clock.advance(1000);
    const cause = await told;
    expect(cause).toBeInstanceOf(CloudlessError);
    expect(cause).toMatchObject({ code: 'store_unavailable', message: expect.stringMatching(/for 7 s.*connection refused/) });
  });

  it('serves a read that is answered', async () => {
    const { answer, leased } = openLeased({ kind: 'unconfirmed', sinceMs: 1_000_000 });
    answer.resolve(ROWS);
    expect(await leased.query(READ)).toBe(ROWS);
  });

  it('takes no change', async () => {
    const { leased } = openLeased({ kind: 'unconfirmed', sinceMs: 1_000_000 });
    expect(await leased.batch([READ], { id: 'b' })).toMatchObject({ kind: 'failed', failure: { kind: 'unavailable' } });
  });
});

it('a read waits as long as the store takes while the lease is held: an election is no outage', async () => {
  const { clock, answer, leased } = openLeased({ kind: 'held', untilMs: 1_060_000 });
  const read = leased.query(READ);
  await clock.advance(4000);
  answer.resolve(ROWS);
  expect(await read).toBe(ROWS);
});
