import { describe, expect, it } from 'vitest';
import type { RqliteCluster } from '../testing/rqlite-cluster.ts';

type Reply = { readonly status: number; readonly body: string; readonly json: unknown; readonly headers: Headers };

async function call(url: string, path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST'): Promise<Reply> {
  const response = await fetch(`${url}${path}`, {
    method,
    redirect: 'manual',
    ...(body === undefined
      ? {}
      : { body: typeof body === 'string' ? body : JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: response.status, body: text, json, headers: response.headers };
}

const EXECUTE = '/db/execute?transaction';
const QUERY = '/db/query?level=linearizable';
const TABLE = 'CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY, value ANY, name TEXT UNIQUE) STRICT';
const VALUES = '(9223372036854775807, 1.5), (-1, 5.0)';

/**
 * What the driver relies on of rqlite's HTTP API, and what it guards against, told by plain requests. A real cluster and the double
 * are held to it alike.
 *
 * @param open an empty database
 */
export function describeRqliteHttpContract(name: string, nodes: 1 | 3, open: () => Promise<RqliteCluster>): void {
  const opened = async (...setup: unknown[]) => {
    const cluster = await open();
    const { url } = await cluster.leader();
    if (setup.length > 0) await call(url, '/db/execute', setup);
    return {
      cluster,
      url,
      results: async (path: string, body: unknown) => ((await call(url, path, body)).json as { results: unknown[] }).results,
      ids: async () =>
        (
          (await call(url, QUERY, ['SELECT id FROM thing ORDER BY id'])).json as { results: [{ values?: unknown[][] }] }
        ).results[0].values?.flat() ?? [],
      [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
    };
  };

  describe(`${name}: /db/execute`, () => {
    it('says what each statement did, and leaves out what is nought', async () => {
      await using on = await opened(TABLE);
      const statements = [['INSERT INTO thing (id, value) VALUES (?, ?)', 7, 'x'], 'UPDATE thing SET value = 1 WHERE id = 8'];
      expect(await on.results(EXECUTE, statements)).toEqual([{ last_insert_id: 7, rows_affected: 1 }, { last_insert_id: 7 }]);
    });

    it('undoes a transaction at the statement that fails, and answers up to it, with status 200 and a sentence', async () => {
      await using on = await opened(TABLE);
      const statements = [
        ['INSERT INTO thing (id) VALUES (?)', 1],
        ['INSERT INTO thing (id) VALUES (?)', 1],
        'INSERT INTO thing (id) VALUES (3)',
      ];
      const { status, json } = await call(on.url, EXECUTE, statements);
      expect(status).toBe(200);
      expect(json).toEqual({ results: [{ last_insert_id: 1, rows_affected: 1 }, { error: 'UNIQUE constraint failed: thing.id' }] });
      expect(await on.ids()).toEqual([]);
    });

    it('goes on after a failure without a transaction', async () => {
      await using on = await opened(TABLE);
      expect(await on.results('/db/execute', ['INSERT INTO nowhere VALUES (1)', 'INSERT INTO thing (id) VALUES (9)'])).toEqual([
        { error: 'no such table: nowhere' },
        { last_insert_id: 9, rows_affected: 1 },
      ]);
    });

    it.each([
      ["INSERT INTO thing (id, value) VALUES (NULL, 1), (1, 'x'), (1, 'y')", /^UNIQUE constraint failed: thing\.id$/],
      ['INSERT INTO checked (ok) VALUES (0)', /^CHECK constraint failed: ok = 1$/],
      ['INSERT INTO checked (ok) VALUES (NULL)', /^NOT NULL constraint failed: checked\.ok$/],
      ["INSERT INTO checked (ok) VALUES ('text')", /^cannot store TEXT value in INTEGER column checked\.ok$/],
      ['INSERT INTO nowhere VALUES (1)', /^no such table: nowhere$/],
      ['INSERT OOPS', /^near "OOPS": syntax error$/],
      [['INSERT INTO thing (id, value) VALUES (?, ?)', 1], /^not enough args to execute query: want 2 got 1$/],
    ])('names a failure in SQLite’s words: %j', async (statement, error) => {
      await using on = await opened(TABLE, 'CREATE TABLE checked (ok INTEGER NOT NULL CHECK (ok = 1)) STRICT');
      expect(await on.results(EXECUTE, [statement])).toMatchObject([{ error: expect.stringMatching(error) as string }]);
    });

    it('ignores parameters that are too many', async () => {
      await using on = await opened(TABLE);
      expect(await on.results(EXECUTE, [['INSERT INTO thing (id) VALUES (?)', 4, 5]])).toEqual([{ last_insert_id: 4, rows_affected: 1 }]);
    });

    it('returns rows for RETURNING and one space, and drops them for any other blank', async () => {
      await using on = await opened(TABLE);
      expect(
        await on.results(EXECUTE, ['INSERT INTO thing (id) VALUES (1) RETURNING id', 'INSERT INTO thing (id) VALUES (2) RETURNING\nid']),
      ).toEqual([
        { columns: ['id'], types: ['integer'], values: [[1]] },
        { last_insert_id: 2, rows_affected: 1 },
      ]);
    });

    it('drops the rows of a read', async () => {
      await using on = await opened(TABLE, 'INSERT INTO thing (id) VALUES (1)');
      expect(((await on.results(EXECUTE, ['SELECT id FROM thing'])) as { columns?: unknown }[])[0]?.columns).toBeUndefined();
    });

    it('runs two statements of one text', async () => {
      await using on = await opened(TABLE);
      await on.results(EXECUTE, ['INSERT INTO thing (id) VALUES (1); INSERT INTO thing (id) VALUES (2)']);
      expect(await on.ids()).toEqual([1, 2]);
    });

    it('accepts BEGIN, which breaks every later transaction until somebody ends it', async () => {
      await using on = await opened(TABLE);
      await call(on.url, '/db/execute', ['BEGIN']);
      expect((await call(on.url, EXECUTE, ['DELETE FROM thing'])).json).toEqual({
        results: [],
        error: 'cannot start a transaction within a transaction',
      });
      await call(on.url, '/db/execute', ['ROLLBACK']);
      expect((await call(on.url, EXECUTE, ['DELETE FROM thing'])).json).not.toHaveProperty('error');
    });

    it('refuses pragmas that would break replication, for the request as a whole', async () => {
      await using on = await opened();
      expect((await call(on.url, EXECUTE, ['PRAGMA journal_mode = DELETE'])).json).toEqual({ results: [], error: 'disallowed pragma' });
    });

    it.each([
      ['[]', 'no statements'],
      ['{}', 'invalid request'],
      ['[5]', 'invalid request'],
      ['["INSERT', 'invalid JSON body'],
      ['[["INSERT INTO thing (id, value) VALUES (1, ?)", ["x"]]]', 'unsupported type string'],
    ])('refuses the body %s with status 400', async (body, said) => {
      await using on = await opened(TABLE);
      const reply = await call(on.url, EXECUTE, body);
      expect(reply.status).toBe(400);
      expect(reply.body.trim()).toBe(said);
    });

    it('refuses a GET, and knows no other path', async () => {
      await using on = await opened();
      expect((await call(on.url, EXECUTE)).status).toBe(405);
      expect((await call(on.url, '/nowhere')).status).toBe(404);
    });
  });

  describe(`${name}: /db/request`, () => {
    it('does not undo a transaction when a statement cannot be prepared', async () => {
      await using on = await opened(TABLE);
      const statements = ['INSERT INTO thing (id) VALUES (2)', 'INSERT INTO nowhere VALUES (1)', 'INSERT INTO thing (id) VALUES (3)'];
      expect(await on.results('/db/request?transaction', statements)).toMatchObject([
        { rows_affected: 1 },
        { error: 'no such table: nowhere' },
        {},
      ]);
      expect(await on.ids()).toEqual([2, 3]);
    });
  });

  describe(`${name}: values`, () => {
    const read = async (on: { url: string }, sql: string, more = '') => (await call(on.url, `${QUERY}${more}`, [sql])).body;

    it('keep the digits of integers, and of a real only what a number needs', async () => {
      await using on = await opened(TABLE, `INSERT INTO thing (id, value) VALUES ${VALUES}`);
      expect(await read(on, 'SELECT id, value FROM thing ORDER BY id DESC')).toBe(
        '{"results":[{"columns":["id","value"],"types":["integer","any"],"values":[[9223372036854775807,1.5],[-1,5]]}]}',
      );
    });

    it('that are bytes come as base64, or as an array; text that looks like bytes becomes them', async () => {
      await using on = await opened(
        TABLE,
        ['INSERT INTO thing (id, value) VALUES (1, ?)', "x'00ff'"],
        ['INSERT INTO thing (id, value) VALUES (2, ?)', [1, 2]],
      );
      const sql = 'SELECT typeof(value), value FROM thing ORDER BY id';
      expect(await read(on, sql)).toContain('[["blob","AP8="],["blob","AQI="]]');
      expect(await read(on, sql, '&blob_array')).toContain('[["blob",[0,255]],["blob",[1,2]]]');
    });

    it('that are bytes are lost in an expression', async () => {
      await using on = await opened();
      expect(JSON.parse(await read(on, "SELECT x'00ff'"))).toMatchObject({ results: [{ types: ['text'], values: [['\0\ufffd']] }] });
    });

    it('of DATETIME and BOOLEAN columns are changed', async () => {
      await using on = await opened(
        'CREATE TABLE moment (at DATETIME, seen BOOLEAN)',
        ['INSERT INTO moment VALUES (?, 1)', '2026-03-01T12:00:00.120Z'],
        ['INSERT INTO moment VALUES (?, 2)', '2026-03-01T12:00:00.000Z'],
        'INSERT INTO moment VALUES (1700000000000, 0)',
        "INSERT INTO moment VALUES ('nonsense', NULL)",
      );
      expect(JSON.parse(await read(on, 'SELECT at, seen FROM moment'))).toMatchObject({
        results: [
          {
            types: ['datetime', 'boolean'],
            values: [
              ['2026-03-01T12:00:00.12Z', true],
              ['2026-03-01T12:00:00Z', true],
              ['2023-11-14T22:13:20Z', false],
              ['0001-01-01T00:00:00Z', null],
            ],
          },
        ],
      });
    });

    it('have the type of the first one where nobody declared any, and none without a row', async () => {
      await using on = await opened(TABLE);
      expect(JSON.parse(await read(on, "SELECT count(*), 'x', NULL, 0.5 FROM thing"))).toMatchObject({
        results: [{ types: ['integer', 'text', '', 'real'] }],
      });
      expect(JSON.parse(await read(on, 'SELECT id + 1 AS next FROM thing'))).toEqual({ results: [{ columns: ['next'], types: [''] }] });
    });
  });

  describe(`${name}: /db/query`, () => {
    it('refuses to write, and says what it cannot read', async () => {
      await using on = await opened(TABLE);
      expect(await on.results(QUERY, ['INSERT INTO thing (id) VALUES (1) RETURNING id', 'SELECT oops FROM thing'])).toEqual([
        { error: 'attempt to change database via query operation' },
        { error: 'no such column: oops' },
      ]);
      expect(await on.ids()).toEqual([]);
    });
  });

  describe(`${name}: the cluster`, () => {
    it('names its nodes and its leader, and is ready', async () => {
      await using on = await opened();
      const { json } = await call(on.url, '/nodes?ver=2');
      expect(json).toMatchObject({
        nodes: Array.from({ length: nodes }, () => ({
          id: expect.any(String) as string,
          api_addr: expect.stringMatching(/^http:/) as string,
          voter: true,
          reachable: true,
        })),
      });
      expect((json as { nodes: { leader: boolean }[] }).nodes.filter(({ leader }) => leader)).toHaveLength(1);
      expect(await call(on.url, '/readyz')).toMatchObject({ status: 200 });
      expect((await call(on.url, '/status?key=store.raft')).json).toMatchObject({ applied_index: expect.any(Number) as number });
    });

    it('marks every answer as its own', async () => {
      await using on = await opened();
      for (const path of ['/readyz', '/nowhere', '/nodes?ver=2'])
        expect((await call(on.url, path)).headers.get('x-rqlite-version')).toBeTruthy();
    });

    it('copies its database as an SQLite file', async () => {
      await using on = await opened(TABLE);
      const { status, body } = await call(on.url, '/db/backup?vacuum');
      expect(status).toBe(200);
      expect(body.startsWith('SQLite format 3\0')).toBe(true);
    });

    it.skipIf(nodes === 1)('redirects from a follower when asked to, and else forwards', async () => {
      await using on = await opened(TABLE);
      const follower = on.cluster.nodes.find(({ url }) => url !== on.url);
      const insert = ['INSERT INTO thing (id) VALUES (1)'];
      const redirected = await call(follower?.url ?? '', `${EXECUTE}&redirect`, insert);
      expect(redirected.status).toBe(301);
      expect(redirected.headers.get('location')).toBe(`${on.url}${EXECUTE}&redirect`);
      expect((await call(follower?.url ?? '', `${QUERY}&redirect`, ['SELECT 1'])).status).toBe(301);
      expect(await on.ids()).toEqual([]);
      expect((await call(follower?.url ?? '', EXECUTE, insert)).json).toMatchObject({ results: [{ rows_affected: 1 }] });
      expect(await on.ids()).toEqual([1]);
    });

    it.skipIf(nodes === 1)('hands its leadership over, and loses nothing', async () => {
      await using on = await opened(TABLE, 'INSERT INTO thing (id) VALUES (1)');
      await on.cluster.changeLeader();
      const leader = await on.cluster.leader();
      expect(leader.url).not.toBe(on.url);
      expect((await call(leader.url, QUERY, ['SELECT id FROM thing'])).json).toMatchObject({ results: [{ values: [[1]] }] });
    });
  });
}
