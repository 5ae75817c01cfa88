import { describe } from 'vitest';
import { describeOnRqlited } from './real-rqlite/describe-on-rqlited.ts';
import { TEST_DATABASES, type OpenTestDatabase } from './test-databases.ts';

/** A suite that every database has to pass: SQLite, the double of rqlite, and a real rqlited of one node, emptied for each test, where there is one. */
export function describeEachDatabase(suite: (name: string, openDatabase: OpenTestDatabase) => void): void {
  describe.each(TEST_DATABASES)('on %s', (name, openDatabase) => {
    suite(name, openDatabase);
  });
  describeOnRqlited(1, (empty) => {
    suite('rqlited', async () => {
      const driver = await (await empty()).open();
      return { driver, close: () => driver.stop() };
    });
  });
}
