import { nullLogger, secret } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { describe, expect, it } from 'vitest';
import {
  createRqliteDouble,
  type Fault,
  type RqliteDoubleOptions,
  type SeenRequest,
} from '../../testing/rqlite-double/create-rqlite-double.ts';
import { createRqliteDriver, type RqliteOptions } from './index.ts';

const clock = createRealClock();
const entropy = createRealEntropy();
const TABLE = { sql: 'CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY) STRICT' };
const insert = (id: number) => ({ sql: 'INSERT INTO thing (id) VALUES (?)', params: [id] });

type Setup = Omit<RqliteDoubleOptions, 'nodes'> & { readonly nodes?: 1 | 3; readonly driver?: Partial<RqliteOptions> };

/** A table behind a driver; from then on `fault` decides about each request that writes or reads. */
async function open({ nodes = 1, fault, driver: more, ...options }: Setup = {}) {
  let isArmed = false;
  const double = await createRqliteDouble({ nodes, ...options, fault: (request) => (isArmed ? fault?.(request) : undefined) });
  const driver = createRqliteDriver({
    urls: double.nodes.map(({ url }) => url),
    clock,
    entropy,
    logger: nullLogger,
    leaderWaitMs: 400,
    ...more,
  });
  await driver.batch([TABLE], { id: 'table' });
  isArmed = true;
  return {
    double,
    driver,
    write: (id: number, deadlineMs = 5000) => driver.batch([insert(id)], { id: `write-${id}`, deadlineMs }),
    ids: async () => (await driver.query({ sql: 'SELECT id FROM thing ORDER BY id' })).rows.flat(),
    async [Symbol.asyncDispose]() {
      await driver.stop();
      await double[Symbol.asyncDispose]();
    },
  };
}

/** The fault for the first request of that path, and none after it. */
function once(path: string, fault: Fault): (request: SeenRequest) => Fault | undefined {
  let isDone = false;
  return (request) => {
    if (isDone || request.path !== path) return undefined;
    isDone = true;
    return fault;
  };
}
const writesSeen = (seen: readonly SeenRequest[], id: number): number =>
  seen.filter(({ path, body }) => path === '/db/execute' && body.includes(`VALUES (?)",${id}]`)).length;

describe('a write whose answer is lost', () => {
  it.each([
    ['it happened', true],
    ['it never did', false],
  ])('is unknown, and never sent again: %s', async (_what, isDone) => {
    await using on = await open({ fault: once('/db/execute', { kind: 'loseAnswer', isDone }) });
    expect(await on.write(1)).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('127.0.0.1') as string });
    expect(await on.ids()).toEqual(isDone ? [1] : []);
    expect(writesSeen(on.double.seen, 1)).toBe(1);
  });

  it.each([
    { kind: 'errorIn200', error: 'leadership lost while committing log', isDone: true },
    { kind: 'errorIn200', error: 'some error of a later release', isDone: true },
    { kind: 'foreign', status: 502, body: 'Bad gateway' },
    { kind: 'foreign', status: 200, body: '<html>Sign in</html>' },
  ] satisfies Fault[])('is unknown when the answer does not say for certain: %j', async (fault) => {
    await using on = await open({ fault: once('/db/execute', fault) });
    expect(await on.write(1)).toMatchObject({ kind: 'unknown' });
    expect(writesSeen(on.double.seen, 1)).toBe(1);
  });

  it('is unknown at its deadline, and late ones happen', async () => {
    const { promise: until, resolve } = Promise.withResolvers<void>();
    await using on = await open({ fault: once('/db/execute', { kind: 'delay', until }) });
    expect(await on.write(1, 30)).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('30 ms') as string });
    expect(await on.ids()).toEqual([]);
    resolve();
    expect(await on.write(2)).toMatchObject({ kind: 'committed' });
    expect(await on.ids()).toEqual([1, 2]);
  });
});

describe('a write that certainly did not happen', () => {
  it.each([
    { kind: 'leaderNotFound' },
    { kind: 'errorIn200', error: 'not leader', isDone: false },
    { kind: 'errorIn200', error: 'store not ready', isDone: false },
  ] satisfies Fault[])('is sent again: %j', async (fault) => {
    await using on = await open({ fault: once('/db/execute', fault) });
    expect(await on.write(1)).toMatchObject({ kind: 'committed' });
    expect(writesSeen(on.double.seen, 1)).toBe(2);
  });

  it('fails as unavailable, with what was tried, when no leader is found in time', async () => {
    await using on = await open({ nodes: 3 });
    on.double.depose();
    expect(await on.write(1)).toMatchObject({
      kind: 'failed',
      statement: -1,
      failure: { kind: 'unavailable', message: expect.stringContaining('leader not found') as string },
    });
    on.double.elect('n1');
    expect(await on.ids()).toEqual([]);
  });

  it('fails at once when the password is wrong, or somebody else serves there', async () => {
    await using on = await open({ fault: () => ({ kind: 'foreign', status: 404, body: 'no such page' }) });
    expect(await on.write(1)).toMatchObject({
      failure: { kind: 'unavailable', message: expect.stringContaining('no rqlite node') as string },
    });
    await using page = await open({ fault: () => ({ kind: 'foreign', status: 501, body: '<html>\n<h1>no</h1>\n</html>' }) });
    await expect(page.ids()).rejects.toMatchObject({ message: expect.not.stringContaining('\n') as string });
    await using guarded = await createRqliteDouble({ nodes: 1, auth: { username: 'cloudless', password: 'right' } });
    const urls = guarded.nodes.map(({ url }) => url);
    const wrong = createRqliteDriver({
      urls,
      clock,
      entropy,
      logger: nullLogger,
      auth: { username: 'cloudless', password: secret('wrong') },
    });
    const outcome = await wrong.batch([TABLE], { id: 'table' });
    expect(outcome).toMatchObject({
      failure: { kind: 'unavailable', message: expect.stringContaining('user name or password') as string },
    });
    expect(JSON.stringify(outcome)).not.toContain('wrong');
    await wrong.stop();
    const right = createRqliteDriver({
      urls,
      clock,
      entropy,
      logger: nullLogger,
      auth: { username: 'cloudless', password: secret('right') },
    });
    expect(await right.batch([TABLE], { id: 'table' })).toMatchObject({ kind: 'committed' });
    await right.stop();
  });

  it('is refused as overloaded when too many wait, and as late when its turn did not come', async () => {
    const { promise: until, resolve } = Promise.withResolvers<void>();
    await using on = await open({ fault: once('/db/execute', { kind: 'delay', until }), driver: { inFlightLimit: 1, queueLimit: 1 } });
    const first = on.write(1);
    const second = on.write(2, 30);
    expect(await on.write(3)).toMatchObject({ kind: 'failed', failure: { kind: 'overloaded' } });
    expect(await second).toMatchObject({ kind: 'failed', failure: { kind: 'deadline' } });
    resolve();
    expect(await first).toMatchObject({ kind: 'committed' });
    expect(await on.ids()).toEqual([1]);
  });
});

describe('a cluster of three', () => {
  it('is followed from leader to leader, and a node that is gone is passed over', async () => {
    await using on = await open({ nodes: 3 });
    const before = on.driver.leader;
    await on.double.killLeader();
    // An idle connection may not have heard yet: a write would be unknown, a read is asked again.
    expect(await on.ids()).toEqual([]);
    expect(await on.write(1)).toMatchObject({ kind: 'committed' });
    expect(on.driver.leader).not.toBe(before);
    on.double.elect('n2');
    expect(await on.write(2)).toMatchObject({ kind: 'committed' });
    expect(await on.ids()).toEqual([1, 2]);
  });

  it('is found through one address, and still when that node is gone', async () => {
    await using double = await createRqliteDouble({ nodes: 3 });
    const [only] = double.nodes;
    const driver = createRqliteDriver({ urls: [only?.url ?? ''], clock, entropy, logger: nullLogger });
    await driver.batch([TABLE], { id: 'table' });
    expect(await driver.nodes()).toHaveLength(3);
    await double.killLeader();
    expect(await driver.query({ sql: 'SELECT count(*) FROM thing' })).toMatchObject({ rows: [[0]] });
    expect(await driver.batch([insert(1)], { id: 'write' })).toMatchObject({ kind: 'committed' });
    await driver.stop();
  });

  it('is asked only on the way that it advertises', async () => {
    const hosts = new Set<string>();
    await using double = await createRqliteDouble({ nodes: 3, onCommit: ({ host }) => void hosts.add(new URL(`http://${host}`).hostname) });
    const way = double.nodes.map(({ url }) => url.replace('127.0.0.1', 'localhost'));
    double.advertise(way);
    double.elect('n1');
    const driver = createRqliteDriver({ urls: way.slice(0, 1), clock, entropy, logger: nullLogger });
    await driver.batch([TABLE], { id: 'table' });
    expect((await driver.nodes()).map(({ url }) => url)).toEqual(way);
    await double.killLeader();
    // A read may be asked again, so it meets the kept connection that broke: a write on it would be unknown.
    expect(await driver.query({ sql: 'SELECT count(*) FROM thing' })).toMatchObject({ rows: [[0]] });
    expect(await driver.batch([insert(1)], { id: 'write' })).toMatchObject({ kind: 'committed' });
    expect([...hosts]).toEqual(['localhost']);
    await driver.stop();
  });

  it('gives a silent leader up when another one leads: the write is unknown, a read goes there', async () => {
    const { promise: until, resolve } = Promise.withResolvers<void>();
    await using on = await open({ nodes: 3, fault: ({ nodeId }) => (nodeId === 'n0' ? { kind: 'delay', until } : undefined) });
    const [write, read] = [on.write(1, 60_000), on.ids()];
    on.double.elect('n1');
    expect(await write).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('leads by now') as string });
    expect(await read).toEqual([]);
    resolve();
  });

  it('is read as it is: an old leader that has not heard of the new one is not believed', async () => {
    await using on = await open({ nodes: 3 });
    const old = await on.double.leader();
    on.double.hold(old.id);
    on.double.elect('n1', { believes: true });
    expect(await on.write(1)).toMatchObject({ kind: 'committed' });
    const stale = await fetch(`${old.url}/db/query?level=weak&q=${encodeURIComponent('SELECT count(*) FROM thing')}`);
    expect(await stale.json()).toMatchObject({ results: [{ values: [[0]] }] });
    expect(await on.ids()).toEqual([1]);
  });

  it('diverges where a default asks the clock, which is why the lint of migrations refuses it', async () => {
    await using on = await open({ nodes: 3 });
    await on.driver.batch(
      [{ sql: 'CREATE TABLE dated (id INTEGER, at TEXT DEFAULT CURRENT_TIMESTAMP)' }, { sql: 'INSERT INTO dated (id) VALUES (1)' }],
      { id: 'dated' },
    );
    const seen = await Promise.all(
      on.double.nodes.map(async ({ url }) =>
        (await fetch(`${url}/db/query?level=none&q=${encodeURIComponent('SELECT at FROM dated')}`)).text(),
      ),
    );
    expect(new Set(seen).size).toBe(3);
  });

  it('tells its nodes, who leads, and how far behind each is', async () => {
    await using on = await open({ nodes: 3 });
    on.double.hold('n2');
    await on.write(1);
    await on.write(2);
    expect(await on.driver.nodes()).toMatchObject([
      { id: 'n0', isLeader: true, isReachable: true, isVoter: true, version: 'double', lagEntries: 0 },
      { id: 'n1', isLeader: false, isReachable: true, lagEntries: 0 },
      { id: 'n2', isLeader: false, isReachable: true, lagEntries: 2 },
    ]);
    await on.double.killLeader();
    expect(await on.driver.nodes()).toMatchObject([
      { id: 'n0', isReachable: false, url: undefined, appliedIndex: undefined },
      { isLeader: true },
      {},
    ]);
  });
});

describe('a read', () => {
  it('is asked again when its answer was lost', async () => {
    await using on = await open({ fault: once('/db/query', { kind: 'loseAnswer', isDone: true }) });
    await on.write(1);
    expect(await on.ids()).toEqual([1]);
  });

  it('ends when its asker gives up, while the database hangs', async () => {
    const { promise: until, resolve } = Promise.withResolvers<void>();
    await using on = await open({ fault: once('/db/query', { kind: 'delay', until }) });
    const asked = on.driver.query({ sql: 'SELECT 1' }, { signal: AbortSignal.timeout(20) });
    await expect(asked).rejects.toMatchObject({ name: 'TimeoutError' });
    resolve();
  });
});
