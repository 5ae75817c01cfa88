import { nullLogger, type Clock } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import type { ManualClock } from '@cloudless/kernel/testing';
import type { SqlDriver } from '../sql/driver.ts';
import { openRqlite } from '../sql/rqlite/open-rqlite.ts';
import { openSqlite } from '../sql/sqlite/open-sqlite.ts';
import { createRqliteDouble } from './rqlite-double/create-rqlite-double.ts';

/** An empty database with this release's schema, and how it goes away. */
export type TestDatabase = { readonly driver: SqlDriver; close(): Promise<void> };
export type OpenTestDatabase = (clock: Clock) => Promise<TestDatabase>;

/** In memory, in this thread: deterministic. */
export const openSqliteDatabase: OpenTestDatabase = async (clock) => {
  const { driver } = await openSqlite({ path: ':memory:', thread: 'inline', clock });
  return { driver, close: () => driver.stop() };
};

/** The driver of rqlite on a double of three nodes. Its deadlines are real, whatever clock the store has. */
export const openDoubleDatabase: OpenTestDatabase = async () => {
  const double = await createRqliteDouble({ nodes: 3 });
  const urls = double.nodes.map(({ url }) => url);
  const { driver } = await openRqlite({ urls, clock: createRealClock(), entropy: createRealEntropy(), logger: nullLogger });
  return {
    driver,
    async close() {
      await driver.stop();
      await double[Symbol.asyncDispose]();
    },
  };
};

/** For suites that every database has to pass. */
export const TEST_DATABASES: readonly (readonly [name: string, open: OpenTestDatabase])[] = [
  ['SQLite', openSqliteDatabase],
  ['rqlite', openDoubleDatabase],
];

/** Moves the clock on until `pending` settles, with turns of the event loop in between for what is really sent. */
export async function advanceUntil<T>(clock: ManualClock, pending: Promise<T>): Promise<T> {
  const real = createRealClock();
  let isSettled = false;
  const settled = pending.finally(() => {
    isSettled = true;
  });
  settled.catch(() => undefined);
  while (!isSettled) {
    await real.sleep(1);
    await clock.advance(500);
  }
  return await settled;
}
