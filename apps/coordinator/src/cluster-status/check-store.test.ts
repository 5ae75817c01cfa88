import { createServer } from 'node:http';
import { createRqliteDouble } from '@cloudless/db/testing';
import { openCluster } from '@cloudless/db';
import { createRqliteDriver, openRqlite } from '@cloudless/db/rqlite';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { createManualClock, createMemoryLogger } from '@cloudless/kernel/testing';
import { secret } from '@cloudless/kernel';
import { describe, expect, it } from 'vitest';
import { checkStore } from './check-store.ts';
import { describeRqlite } from './store-nodes.ts';

const parts = { clock: createRealClock(), entropy: createRealEntropy(), logger: createMemoryLogger() };
const check = checkStore(parts);
const { signal } = new AbortController();

describe('a store that is looked at', () => {
  it('is fit when it is reached, led and empty, and stays empty', async () => {
    await using cluster = await createRqliteDouble({ nodes: 3 });
    const { url } = await cluster.leader();
    const found = await check({ url }, signal);
    expect(found).toMatchObject({ fit: true });
    expect(found.nodes.map(({ role }) => role).toSorted()).toEqual(['follower', 'follower', 'leader']);
    expect(await check({ url }, signal)).toMatchObject({ fit: true });
    expect(cluster.seen.filter(({ path }) => path.startsWith('/db/execute'))).toEqual([]);
  });

  it('is refused when it holds tables, and they are named', async () => {
    await using cluster = await createRqliteDouble({ nodes: 1 });
    const { url } = await cluster.leader();
    const driver = createRqliteDriver({ ...parts, urls: [url] });
    await driver.batch([{ sql: 'CREATE TABLE theirs (id INTEGER NOT NULL PRIMARY KEY)' }], { id: 'fill' });
    await driver.stop();
    expect(await check({ url }, signal)).toMatchObject({
      fit: false,
      reason: 'notEmpty',
      message: expect.stringContaining('theirs') as string,
    });
  });

  it('is fit when it holds the tables of a move that was taken back, and not when a cluster lives in them', async () => {
    await using cluster = await createRqliteDouble({ nodes: 1 });
    const { url } = await cluster.leader();
    const { driver } = await openRqlite({ ...parts, urls: [url] });
    expect(await check({ url }, signal)).toMatchObject({ fit: true });
    await openCluster({ driver, ...parts });
    await driver.stop();
    expect(await check({ url }, signal)).toMatchObject({ fit: false, reason: 'notEmpty' });
  });

  it('is refused with the reason when nobody answers, nobody leads or the password is wrong', async () => {
    expect(await check({ url: 'http://127.0.0.1:1' }, signal)).toMatchObject({ fit: false, reason: 'unreachable' });
    await using leaderless = await createRqliteDouble({ nodes: 3 });
    const { url } = await leaderless.leader();
    leaderless.depose();
    expect(await check({ url }, signal)).toMatchObject({ fit: false, reason: 'noLeader' });
    await using guarded = await createRqliteDouble({ nodes: 1, auth: { username: 'ada', password: 'right' } });
    const at = (await guarded.leader()).url;
    expect(await check({ url: at, username: 'ada', password: 'wrong' }, signal)).toMatchObject({
      reason: 'refused',
      message: expect.stringContaining('401') as string,
    });
    expect(await check({ url: at, username: 'ada', password: 'right' }, signal)).toMatchObject({ fit: true });
    expect(JSON.stringify(parts.logger.events)).not.toContain('right');
  });
});

describe('an address at which something else answers', () => {
  it('is told apart from a store that is away', async () => {
    const other = createServer((_, response) => response.writeHead(404).end('not here'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    expect(await check({ url: `http://127.0.0.1:${port}` }, signal)).toMatchObject({ fit: false, reason: 'notRqlite' });
    await new Promise((resolve) => other.close(resolve));
  });
});

describe('the status of the store', () => {
  it('tells each node, and why when none tells', async () => {
    const clock = createManualClock();
    const cluster = await createRqliteDouble({ nodes: 3 });
    const { url } = await cluster.leader();
    const driver = createRqliteDriver({ ...parts, urls: [url], auth: { username: 'x', password: secret('y') } });
    expect(await describeRqlite(driver, clock, signal)).toMatchObject({ kind: 'rqlite', checkedAt: clock.now() });
    await cluster[Symbol.asyncDispose]();
    const gone = { reachable: false, reachedAt: expect.any(Number) as number };
    expect(await describeRqlite(driver, clock, signal)).toMatchObject({
      nodes: [gone, gone, gone],
      failure: { code: 'store_unavailable' },
    });
    await driver.stop();
  });

  it('lists the addresses of the configuration when no node ever told', async () => {
    const urls = ['http://127.0.0.1:1', 'http://127.0.0.1:2'];
    const driver = createRqliteDriver({ ...parts, urls });
    const { nodes } = (await describeRqlite(driver, createManualClock(), signal)) as { nodes: unknown };
    expect(nodes).toEqual(urls.map((url) => ({ id: url, address: url, role: 'unknown', reachable: false })));
    await driver.stop();
  });

  it('is told by another node when the leader takes connections and says nothing', async () => {
    const { promise: until, resolve } = Promise.withResolvers<void>();
    let isHung = false;
    await using cluster = await createRqliteDouble({
      nodes: 3,
      fault: ({ nodeId }) => (isHung && nodeId === 'n0' ? { kind: 'delay', until } : undefined),
    });
    const { url } = await cluster.leader();
    const driver = createRqliteDriver({ ...parts, urls: [url] });
    await driver.query({ sql: 'SELECT 1' });
    expect(await describeRqlite(driver, parts.clock, signal)).toMatchObject({ nodes: [{ id: 'n0', role: 'leader' }, {}, {}] });
    isHung = true;
    const status = await describeRqlite(driver, parts.clock, signal);
    expect(status).toMatchObject({ nodes: [{ id: 'n0', reachable: true, silent: true }, { reachable: true }, { reachable: true }] });
    expect(status).not.toHaveProperty('failure');
    expect(status).not.toHaveProperty('nodes.1.silent');
    resolve();
    await driver.stop();
  });
});
