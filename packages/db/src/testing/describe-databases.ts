import { nullLogger } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { describe } from 'vitest';
import { openRqlite } from '../sql/rqlite/open-rqlite.ts';
import { describeOnRqlited } from './describe-on-rqlited.ts';
import { TEST_DATABASES, type OpenTestDatabase } from './test-databases.ts';

/** A suite that every database has to pass: SQLite, the double of rqlite, and a real rqlited of one node, emptied for each test, where there is one. */
export function describeEachDatabase(suite: (name: string, openDatabase: OpenTestDatabase) => void): void {
  describe.each(TEST_DATABASES)('on %s', (name, openDatabase) => {
    suite(name, openDatabase);
  });
  describeOnRqlited(1, (empty) => {
    suite('rqlited', async () => {
      const urls = (await empty()).nodes.map(({ url }) => url);
      const { driver } = await openRqlite({ urls, clock: createRealClock(), entropy: createRealEntropy(), logger: nullLogger });
      return { driver, close: () => driver.stop() };
    });
  });
}
