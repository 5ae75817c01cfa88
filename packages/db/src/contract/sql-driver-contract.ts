import { describe, expect, it } from 'vitest';
import { guardThat } from '../sql/guarded-writer.ts';
import { toRecords, type BatchOutcome, type SqlDriver, type SqlValue, type Statement } from '../sql/driver.ts';

/** An empty database behind the port. */
export type ContractDriver = { readonly driver: SqlDriver; [Symbol.asyncDispose](): Promise<void> };

let batches = 0;
const run = (driver: SqlDriver, ...statements: (string | Statement)[]): Promise<BatchOutcome> => {
  batches += 1;
  return driver.batch(
    statements.map((statement) => (typeof statement === 'string' ? { sql: statement } : statement)),
    { id: `contract-${batches}` },
  );
};
const insert = (id: number, value: SqlValue): Statement => ({ sql: 'INSERT INTO thing (id, value) VALUES (?, ?)', params: [id, value] });
const TABLE = "CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY, value ANY, name TEXT UNIQUE CHECK (name <> '')) STRICT";

async function readIds(driver: SqlDriver): Promise<unknown[]> {
  return (await driver.query({ sql: 'SELECT id FROM thing ORDER BY id' })).rows.map(([id]) => id);
}

/** What every database behind the port keeps. */
export function describeSqlDriverContract(name: string, open: () => Promise<ContractDriver>): void {
  const openTable = async (): Promise<ContractDriver> => {
    const opened = await open();
    expect(await run(opened.driver, TABLE)).toMatchObject({ kind: 'committed' });
    return opened;
  };

  describe(`${name}: a batch`, () => {
    it('happens whole, in order, and says what each statement did', async () => {
      await using opened = await openTable();
      const outcome = await run(
        opened.driver,
        insert(1, 'one'),
        insert(2, 'two'),
        'UPDATE thing SET value = 3',
        'DELETE FROM thing WHERE id = 2 RETURNING id, value',
      );
      expect(outcome).toMatchObject({
        kind: 'committed',
        results: [
          { changes: 1, lastInsertId: 1 },
          { changes: 1 },
          { changes: 2 },
          { returned: { columns: ['id', 'value'], rows: [[2, 3]] } },
        ],
      });
      expect(await readIds(opened.driver)).toEqual([1]);
    });

    it('happens not at all when one statement fails, and names it', async () => {
      await using opened = await openTable();
      expect(await run(opened.driver, insert(1, 'one'), insert(1, 'again'), insert(2, 'two'))).toMatchObject({
        kind: 'failed',
        statement: 1,
        failure: { kind: 'constraint', constraint: 'unique', columns: ['thing.id'] },
      });
      expect(await readIds(opened.driver)).toEqual([]);
    });

    it('happens not at all when its guard is false, or true of no row', async () => {
      await using opened = await openTable();
      await run(opened.driver, 'CREATE TABLE guard (ok INTEGER NOT NULL CHECK (ok = 1)) STRICT', insert(1, 'one'));
      expect(await run(opened.driver, guardThat('(SELECT value = ? FROM thing WHERE id = 1)', ['one']), insert(2, 'two'))).toMatchObject({
        kind: 'committed',
      });
      for (const guard of [
        guardThat('(SELECT value = ? FROM thing WHERE id = 1)', ['other']),
        guardThat('(SELECT 1 FROM thing WHERE id = 9)'),
      ]) {
        expect(await run(opened.driver, guard, insert(3, 'three'))).toMatchObject({
          kind: 'failed',
          statement: 0,
          failure: { kind: 'constraint' },
        });
      }
      expect(await readIds(opened.driver)).toEqual([1, 2]);
    });

    it.each([
      ['a missing value', 'INSERT INTO thing (id) VALUES (NULL)', 'notNull'],
      ['a broken check', "INSERT INTO thing (id, name) VALUES (7, '')", 'check'],
    ])('tells %s from the other constraints', async (_what, sql, constraint) => {
      await using opened = await openTable();
      // An INTEGER PRIMARY KEY takes NULL for the next number, so the table of this test is another.
      await run(opened.driver, 'CREATE TABLE strict_thing (id TEXT NOT NULL) STRICT');
      const statement = constraint === 'notNull' ? 'INSERT INTO strict_thing (id) VALUES (NULL)' : sql;
      expect(await run(opened.driver, statement)).toMatchObject({ kind: 'failed', failure: { kind: 'constraint', constraint } });
    });

    it.each([
      'BEGIN',
      'COMMIT',
      'ROLLBACK',
      'SAVEPOINT a',
      'PRAGMA user_version = 3',
      "ATTACH 'x' AS y",
      'VACUUM',
      '/* hidden */ begin immediate',
      '',
      ' -- nothing\n',
    ])('refuses %j, and undoes what came before it', async (sql) => {
      await using opened = await openTable();
      expect(await run(opened.driver, insert(1, 'one'), sql)).toMatchObject({ kind: 'failed', statement: 1, failure: { kind: 'refused' } });
      expect(await readIds(opened.driver)).toEqual([]);
    });

    it('refuses two statements in one text', async () => {
      await using opened = await openTable();
      expect(await run(opened.driver, 'DELETE FROM thing; DROP TABLE thing')).toMatchObject({
        kind: 'failed',
        failure: { kind: 'refused' },
      });
      expect(await readIds(opened.driver)).toEqual([]);
    });

    it('says which statement it could not read', async () => {
      await using opened = await openTable();
      expect(await run(opened.driver, insert(1, 'one'), 'INSERT INTO nowhere VALUES (1)')).toMatchObject({
        kind: 'failed',
        statement: 1,
        failure: { kind: 'statement' },
      });
    });

    it('is served with many others at once, and seen by whoever reads after it', async () => {
      await using opened = await openTable();
      const all = await Promise.all(Array.from({ length: 50 }, (_, id) => run(opened.driver, insert(id, 'x'))));
      expect(all.filter(({ kind }) => kind === 'committed')).toHaveLength(50);
      expect(await readIds(opened.driver)).toHaveLength(50);
    });

    it.each([[[1]], [[1, 2, 3]]])('refuses %j where a statement takes two parameters', async (params) => {
      await using opened = await openTable();
      const statement = { sql: "INSERT INTO thing (id, value, name) VALUES (?, ?2, '?') -- ?", params };
      expect(await run(opened.driver, statement)).toMatchObject({ kind: 'failed', statement: 0, failure: { kind: 'refused' } });
      expect(await readIds(opened.driver)).toEqual([]);
    });

    it('refuses a read, whose rows the clustered database would drop', async () => {
      await using opened = await openTable();
      const read = 'WITH one AS (SELECT 1) SELECT * FROM one';
      expect(await run(opened.driver, insert(1, 'one'), read)).toMatchObject({
        kind: 'failed',
        statement: 1,
        failure: { kind: 'refused' },
      });
      expect(await readIds(opened.driver)).toEqual([]);
    });

    it.each(['RETURNING id', 'returning\n  id', 'RETURNING id AS id'])('returns rows however it says so: %j', async (returning) => {
      await using opened = await openTable();
      const statement = { sql: `INSERT INTO thing (id, value) VALUES (?, ?) ${returning}`, params: [7, 'RETURNING\n'] };
      expect(await run(opened.driver, statement)).toMatchObject({
        kind: 'committed',
        results: [{ changes: 1, returned: { rows: [[7]] } }],
      });
      expect((await opened.driver.query({ sql: 'SELECT value FROM thing' })).rows).toEqual([['RETURNING\n']]);
    });
  });

  describe(`${name}: values`, () => {
    it('come back as they went in', async () => {
      await using opened = await openTable();
      const values: SqlValue[] = [
        null,
        '',
        'ünïcode 🦉',
        0,
        -1,
        1.5,
        2 ** 53 - 1,
        2n ** 63n - 1n,
        -(2n ** 63n),
        1e300,
        new Uint8Array(),
        Uint8Array.of(0, 1, 255),
        'x'.repeat(1_000_000),
        // Texts that rqlite reads as a blob, a time or a number when they come as such.
        "x'00ff'",
        " X'' ",
        '2026-03-01T12:00:00.000Z',
        '9007199254740993',
        "? ?1 'it''s' -- \"text\"",
      ];
      await run(opened.driver, ...values.map((value, id) => insert(id, value)));
      const { rows } = await opened.driver.query({ sql: 'SELECT value FROM thing ORDER BY id' });
      expect(rows.map(([value]) => value)).toEqual(values);
    });

    it.each([
      ['a number that is none', Number.NaN],
      ['one without end', Number.POSITIVE_INFINITY],
      ['an integer beyond 64 bits', 2n ** 63n],
      ['half a character', '\ud800'],
      ['a NUL in text', 'a\0b'],
    ])('are refused when the database would change them: %s', async (_what, value) => {
      await using opened = await openTable();
      expect(await run(opened.driver, insert(1, 'one'), insert(2, value))).toMatchObject({
        kind: 'failed',
        statement: 1,
        failure: { kind: 'refused' },
      });
      expect(await readIds(opened.driver)).toEqual([]);
    });

    it('of times and booleans come back as they went in', async () => {
      await using opened = await openTable();
      await run(opened.driver, 'CREATE TABLE moment (at DATETIME NOT NULL, seen BOOLEAN)');
      const rows: SqlValue[][] = [
        ['2026-03-01T12:00:00.000Z', 1],
        ['2026-03-01T12:00:00.120Z', 0],
        ['2026-03-01T12:00:00.123Z', null],
      ];
      await run(opened.driver, ...rows.map((params) => ({ sql: 'INSERT INTO moment (at, seen) VALUES (?, ?)', params })));
      expect((await opened.driver.query({ sql: 'SELECT at, seen FROM moment ORDER BY at' })).rows).toEqual(rows);
      const found = await opened.driver.query({ sql: 'SELECT seen FROM moment WHERE at = ?', params: ['2026-03-01T12:00:00.120Z'] });
      expect(found.rows).toEqual([[0]]);
    });

    it('that rqlite would take for a blob are found where they are, wherever they stand in the statement', async () => {
      await using opened = await openTable();
      const text = "x'00ff'";
      await run(opened.driver, { sql: "INSERT INTO thing (id, name, value) VALUES (?, ?, '?' || ?)", params: [1, text, text] });
      const found = await opened.driver.query({ sql: 'SELECT id, value FROM thing WHERE name = ?2 AND id = ?1', params: [1, text] });
      expect(found.rows).toEqual([[1, "?x'00ff'"]]);
    });

    it('are read by name and with their declared types', async () => {
      await using opened = await openTable();
      await run(opened.driver, insert(1, 'one'));
      const read = await opened.driver.query({ sql: 'SELECT id, name, count(*) AS total FROM thing' });
      expect(read.types.slice(0, 2)).toEqual(['INTEGER', 'TEXT']);
      // Of an expression nobody declared any: some databases tell that of its first value.
      expect([null, 'INTEGER']).toContain(read.types[2]);
      expect(toRecords(read)).toEqual([{ id: 1, name: null, total: 1 }]);
    });
  });

  describe(`${name}: a read`, () => {
    it('that would write fails, and writes nothing', async () => {
      await using opened = await openTable();
      await expect(opened.driver.query({ sql: 'INSERT INTO thing (id) VALUES (1) RETURNING id' })).rejects.toMatchObject({
        name: 'CloudlessError',
      });
      expect(await readIds(opened.driver)).toEqual([]);
    });

    it('that cannot be read, and one that was given up, throw', async () => {
      await using opened = await openTable();
      await expect(opened.driver.query({ sql: 'SELECT nothing FROM nowhere' })).rejects.toMatchObject({ code: 'internal' });
      const signal = AbortSignal.abort(new Error('given up'));
      await expect(opened.driver.query({ sql: 'SELECT 1' }, { signal })).rejects.toThrow('given up');
    });
  });

  it(`${name}: after its stop, serves what was accepted and nothing more`, async () => {
    await using opened = await openTable();
    const last = run(opened.driver, insert(1, 'one'));
    await opened.driver.stop();
    expect(await last).toMatchObject({ kind: 'committed' });
    expect(await run(opened.driver, insert(2, 'two'))).toMatchObject({ kind: 'failed', failure: { kind: 'unavailable' } });
    await expect(opened.driver.query({ sql: 'SELECT 1' })).rejects.toMatchObject({ code: 'store_unavailable' });
    await opened.driver.stop();
  });
}
