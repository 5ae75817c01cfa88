import { DataApiClient } from 'rqlite-js';
import { describe, expect, it } from 'vitest';
import type { SqlDriver } from '../sql/driver.ts';
import type { RqliteCluster } from '../testing/rqlite-cluster.ts';

const TABLE = 'CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY, name TEXT, weight REAL, gone TEXT) STRICT';
const ROWS = [
  { id: 1, name: 'ash', weight: 1.5, gone: null },
  { id: 2, name: 'b\'ir"ch ü', weight: -0.25, gone: null },
];
const SELECT = 'SELECT id, name, weight, gone FROM thing ORDER BY id';
const LINEARIZABLE = { level: 'linearizable' } as const;

/**
 * What the published client, which is nobody's of this repository, and the driver say of the same database: each reads what the other wrote. It is held
 * to the kinds of values that it keeps; 64-bit integers and blobs it does not.
 *
 * @param open an empty database, and the driver on it
 */
export function describeIndependentClient(
  name: string,
  open: () => Promise<{ readonly cluster: RqliteCluster; readonly driver: SqlDriver; [Symbol.asyncDispose](): Promise<void> }>,
): void {
  const opened = async () => {
    const on = await open();
    const { url } = await on.cluster.leader();
    const insert = (rows: typeof ROWS) =>
      rows.map(({ id, name: called, weight, gone }) => ({
        sql: 'INSERT INTO thing (id, name, weight, gone) VALUES (?, ?, ?, ?)',
        params: [id, called, weight, gone],
      }));
    return { ...on, insert, other: new DataApiClient(url) };
  };

  describe(`${name}: rqlite-js`, () => {
    it('reads what the driver wrote', async () => {
      await using on = await opened();
      expect(await on.driver.batch([{ sql: TABLE }, ...on.insert(ROWS)], { id: 'write' })).toMatchObject({ kind: 'committed' });
      expect((await on.other.query(SELECT, LINEARIZABLE)).toArray()).toEqual(ROWS);
    });

    it('writes what the driver reads, and what one undoes the other does not see', async () => {
      await using on = await opened();
      const written = await on.other.execute([TABLE, ...on.insert(ROWS).map(({ sql, params }) => [sql, ...params])], { transaction: true });
      expect(written.getFirstError()).toBeUndefined();
      const read = async (): Promise<unknown> => (await on.driver.query({ sql: SELECT })).rows;
      const expected = ROWS.map((row) => Object.values(row));
      expect(await read()).toEqual(expected);
      const twice = await on.other.execute(["UPDATE thing SET name = 'lost'", 'INSERT INTO thing (id) VALUES (1)'], { transaction: true });
      expect(twice.hasError()).toBe(true);
      expect(await read()).toEqual(expected);
      const again = await on.driver.batch([{ sql: "UPDATE thing SET name = 'lost'" }, ...on.insert(ROWS)], { id: 'again' });
      expect(again).toMatchObject({ kind: 'failed', failure: { kind: 'constraint' } });
      expect((await on.other.query(SELECT, LINEARIZABLE)).toArray()).toEqual(ROWS);
    });
  });
}
