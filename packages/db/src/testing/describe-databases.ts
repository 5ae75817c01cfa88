import { nullLogger } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { afterAll, beforeAll, describe } from 'vitest';
import { openRqlite } from '../sql/rqlite/open-rqlite.ts';
import { emptied } from './empty-rqlite.ts';
import type { RqliteCluster } from './rqlite-cluster.ts';
import { A_REAL_RQLITED, rqlited } from './rqlited/env.ts';
import { startRqlited } from './rqlited/start-rqlited.ts';
import { TEST_DATABASES, type OpenTestDatabase } from './test-databases.ts';

/** A suite that every database has to pass: SQLite, the double of rqlite, and a real rqlited of one node, emptied for each test, where there is one. */
export function describeEachDatabase(suite: (name: string, openDatabase: OpenTestDatabase) => void): void {
  describe.each(TEST_DATABASES)('on %s', (name, openDatabase) => {
    suite(name, openDatabase);
  });
  describe.skipIf(rqlited === undefined)(`on ${A_REAL_RQLITED}`, () => {
    let cluster: RqliteCluster | undefined;
    beforeAll(async () => {
      cluster = await startRqlited(rqlited ?? '', 1);
    }, 30_000);
    afterAll(async () => await cluster?.[Symbol.asyncDispose]());
    suite('rqlited', async () => {
      if (!cluster) throw new Error('the cluster did not start');
      const urls = (await emptied(cluster)).nodes.map(({ url }) => url);
      const { driver } = await openRqlite({ urls, clock: createRealClock(), entropy: createRealEntropy(), logger: nullLogger });
      return { driver, close: () => driver.stop() };
    });
  });
}
