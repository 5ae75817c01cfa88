import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { openRqlite } from '@cloudless/db/rqlite';
import { nullLogger } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { LINK_UPGRADE } from '@cloudless/transport/tls';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { claim, openMembers, roleOf, until, type Member } from './testing/open-members.ts';

const clock = createRealClock();

type Status = {
  readonly token: number;
  readonly leadership: { readonly state: string };
  readonly coordinators: readonly { readonly id: string; readonly role: string; readonly address?: string }[];
};

const statusAt = async (member: Member, cookie: string): Promise<Status | undefined> => {
  const answer = await member.get('/api/v1/cluster/status', cookie).catch(() => undefined);
  return answer?.status === 200 ? ((await answer.json()) as Status) : undefined;
};
const untilRole = (member: Member, role: string) =>
  until(`${member.name} as ${role}`, async () => ((await roleOf(member)) === role ? true : undefined));

/** The live stream of a dashboard: the kind of its first change, `undefined` when none came, and its end. */
function openLive(member: Member, cookie: string) {
  const first = Promise.withResolvers<string | undefined>();
  const closed = Promise.withResolvers<void>();
  const socket = new WebSocket(`${member.url.replace('http', 'ws')}/trpc`, { headers: { cookie, origin: member.url } });
  socket.once('open', () => socket.send(JSON.stringify({ id: 1, method: 'subscription', params: { path: 'live.follow', input: {} } })));
  socket.on('message', (message) => {
    const { result } = JSON.parse(String(message)) as { result?: { type?: string; data?: { data?: { kind: string } } } };
    if (result?.type === 'data') first.resolve(result.data?.data?.kind);
  });
  socket.on('error', () => first.resolve(undefined));
  socket.once('close', () => {
    first.resolve(undefined);
    closed.resolve();
  });
  return { first: first.promise, closed: closed.promise, end: () => socket.terminate() };
}

async function openPair(options?: Parameters<typeof openMembers>[0]) {
  const opened = await openMembers(options);
  const attic = await opened.start('attic');
  await untilRole(attic, 'leader');
  const cellar = await opened.start('cellar');
  await untilRole(cellar, 'standby');
  return { ...opened, attic, cellar };
}

describe('coordinators that share a store', () => {
  it('have one leader; the other passes everything on to it', async () => {
    await using pair = await openPair();
    const cookie = await claim(pair.cellar, await pair.readCode('attic'));
    expect(await (await pair.cellar.get('/api/v1/cluster', cookie)).json()).toMatchObject({ version: '9.9.9' });
    expect(pair.cellar.coordinator.role).toBe('standby');
    const status = await statusAt(pair.cellar, cookie);
    expect(status?.leadership.state).toBe('held');
    expect(status?.coordinators.map(({ role, address }) => [role, address])).toEqual([
      ['leader', pair.attic.url],
      ['standby', pair.cellar.url],
    ]);
    expect((await pair.cellar.get('/healthz')).status).toBe(200);
    expect((await (await pair.cellar.get('/metrics')).text()).includes('cloudless_leader 0')).toBe(true);
    expect((await (await pair.attic.get('/metrics')).text()).includes('cloudless_leader 1')).toBe(true);
  });

  it('keep to their own rules at the standby’s door: names, origins, sizes', async () => {
    await using pair = await openPair();
    const { cellar } = pair;
    const foreign = await fetch(`${cellar.url}/api/v1/workloads`, {
      method: 'POST',
      headers: { origin: 'https://evil.example' },
      body: '{}',
    });
    expect(foreign.status).toBe(403);
    const forged = await fetch(`${cellar.url}/api/v1/cluster`, {
      headers: { 'x-forwarded-host': 'evil.example', 'x-cloudless-app-port': '7701' },
    });
    expect([forged.status, ((await forged.json()) as { code: string }).code]).toEqual([401, 'unauthenticated']);
  });

  it('carry live connections through a standby', async () => {
    await using pair = await openPair();
    const cookie = await claim(pair.cellar, await pair.readCode('attic'));
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const socket = new WebSocket(`${pair.cellar.url.replace('http', 'ws')}/trpc`, { headers: { cookie, origin: pair.cellar.url } });
    socket.once('open', () => socket.send(JSON.stringify({ id: 1, method: 'query', params: { path: 'cluster.get', input: {} } })));
    socket.once('message', (message) => resolve(String(message)));
    socket.once('error', reject);
    expect(JSON.parse(await promise)).toMatchObject({ id: 1, result: { data: { version: '9.9.9' } } });
    socket.close();
  });

  it('pass agents on, whose TLS ends at the leader', async () => {
    await using pair = await openPair();
    const upgrading = request(`${pair.cellar.url}/agent`, {
      agent: false,
      headers: { connection: 'Upgrade', upgrade: LINK_UPGRADE },
    }).end();
    const [answer, socket] = (await once(upgrading, 'upgrade')) as [IncomingMessage, Socket];
    expect(answer.headers).toMatchObject({ upgrade: LINK_UPGRADE });
    const inner = connectTls({ socket, rejectUnauthorized: false, minVersion: 'TLSv1.3' });
    await once(inner, 'secureConnect');
    expect(inner.getPeerX509Certificate()?.subjectAltName).toContain('/coordinator');
    inner.destroy();
  });

  it('hand over when the leader is stopped, and lose nothing that was acknowledged', async () => {
    await using pair = await openPair();
    const cookie = await claim(pair.attic, await pair.readCode('attic'));
    const before = await statusAt(pair.cellar, cookie);
    await pair.attic.coordinator.stop();
    await untilRole(pair.cellar, 'leader');
    const after = await statusAt(pair.cellar, cookie);
    expect(after?.token).toBe((before?.token ?? 0) + 1);
    const events = (await (await pair.cellar.get('/api/v1/events?limit=50', cookie)).json()) as {
      rows: { kind: string; params: { cause?: string } }[];
    };
    expect(events.rows.filter(({ kind }) => kind === 'cluster.leaderChanged').map(({ params }) => params.cause)).toEqual([
      'released',
      'vacant',
    ]);
    expect(events.rows.some(({ kind }) => kind === 'cluster.claimed')).toBe(true);
  });

  it('store what was on its way before the leader, stopped, gives the lead away', async () => {
    const order: string[] = [];
    const [arrived, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await using pair = await openPair({
      nodes: 1,
      fault({ body }) {
        if (body.includes('released = 1')) order.push('released');
        if (!body.includes('slow-app') || order.includes('asked')) return undefined;
        order.push('asked');
        arrived.resolve();
        return { kind: 'delay', until: held.promise };
      },
    });
    const cookie = await claim(pair.attic, await pair.readCode('attic'));
    const deployed = pair.attic.post('/api/v1/workloads', { metadata: { name: 'slow-app' }, spec: { image: 'example/web:1' } }, cookie);
    await arrived.promise;
    const stopped = pair.attic.coordinator.stop();
    await pair.attic.get('/healthz');
    order.push('stored');
    held.resolve();
    expect((await deployed).status).toBe(201);
    await stopped;
    expect(order).toEqual(['asked', 'stored', 'released']);
  });

  it('give back a lead that was won while they were being stopped', async () => {
    const [arrived, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let takes = 0;
    await using pair = await openPair({
      nodes: 1,
      fault({ body }) {
        // The first is attic's; cellar's updates its row.
        if (!body.includes('UPDATE leader SET holder')) return undefined;
        takes += 1;
        arrived.resolve();
        return { kind: 'delay', until: held.promise };
      },
    });
    await pair.attic.coordinator.stop();
    await arrived.promise;
    const stopped = pair.cellar.coordinator.stop();
    held.resolve();
    await stopped;
    const { driver } = await openRqlite({
      urls: pair.rqlite.nodes.map(({ url }) => url),
      clock,
      entropy: createRealEntropy(),
      logger: nullLogger,
    });
    const { rows } = await driver.query({ sql: 'SELECT token, released FROM cluster, leader' });
    await driver.stop();
    expect([takes, rows.map((row) => row.map(Number))]).toEqual([1, [[3, 1]]]);
  });

  it('found one cluster when three start at once on an empty store', async () => {
    await using opened = await openMembers({ nodes: 3 });
    const names = ['attic', 'cellar', 'loft'];
    const members = await Promise.all(names.map((name) => opened.start(name)));
    await until('one leader and two standbys', async () => {
      const roles = await Promise.all(members.map(roleOf));
      const count = (role: string): number => roles.filter((one) => one === role).length;
      return count('leader') === 1 && count('standby') === 2 ? true : undefined;
    });
    const ids = await Promise.all(names.map((name) => readFile(join(opened.folderOf(name), 'coordinator/cluster-id'), 'utf8')));
    expect(new Set(ids).size).toBe(1);
    const { driver } = await openRqlite({
      urls: opened.rqlite.nodes.map(({ url }) => url),
      clock,
      entropy: createRealEntropy(),
      logger: nullLogger,
    });
    const rowsOf = async (table: string) => (await driver.query({ sql: `SELECT id FROM ${table}` })).rows.flat();
    const [clusters, organisations, projects] = [await rowsOf('cluster'), await rowsOf('organization'), await rowsOf('project')];
    await driver.stop();
    expect(clusters).toEqual([ids[0]?.trim()]);
    expect([organisations.length, projects.length]).toEqual([1, 1]);
  });

  it('let a live stream through a standby go on when the leader is stopped', async () => {
    await using pair = await openPair();
    const attendant = await pair.start('loft');
    await untilRole(attendant, 'standby');
    const cookie = await claim(attendant, await pair.readCode('attic'));
    const live = openLive(attendant, cookie);
    expect(await live.first).toBe('tick');
    const stopped = pair.attic.coordinator.stop();
    await live.closed;
    await until('a live stream', async () => {
      const again = openLive(attendant, cookie);
      return again.first.finally(() => again.end());
    });
    await stopped;
    // Whichever of the two leads now.
    expect((await statusAt(attendant, cookie))?.leadership.state).toBe('held');
  });

  it('refuse one that has another master key, in one line', async () => {
    await using pair = await openPair();
    await expect(pair.start('stranger', { sharesKey: false })).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining('Coordinators that share a store need the same file') as string,
    });
  });

  it('go on reading without the store, say so, and write again once it is back', async () => {
    let isAway = false;
    await using pair = await openPair({ nodes: 1, fault: () => (isAway ? { kind: 'loseAnswer', isDone: false } : undefined) });
    const cookie = await claim(pair.cellar, await pair.readCode('attic'));
    expect((await pair.cellar.get('/api/v1/cluster', cookie)).status).toBe(200);
    isAway = true;
    const stale = await until('an answer that says it is stale', async () => {
      const answer = await pair.attic.get('/healthz');
      return answer.headers.get('cloudless-stale-since') ?? undefined;
    });
    expect(Number(stale)).toBeGreaterThan(0);
    const refused = await pair.attic.post('/api/v1/join-tokens', {}, cookie);
    const said = (await refused.json()) as { code: string; detail: string };
    expect([refused.status, said.code]).toEqual([503, 'store_unavailable']);
    expect((await (await pair.cellar.get('/api/v1/cluster', cookie)).json()) as object).toMatchObject({ staleSince: Number(stale) });
    isAway = false;
    await until('a confirmed lease', async () =>
      (await pair.attic.get('/healthz')).headers.has('cloudless-stale-since') ? undefined : true,
    );
    expect((await pair.attic.post('/api/v1/join-tokens', {}, cookie)).status).toBe(201);
    expect(pair.attic.coordinator.role).toBe('leader');
    expect(pair.cellar.coordinator.role).toBe('standby');
  }, 40_000);
});
