import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRqliteDouble, type RqliteDouble } from '@cloudless/db/testing';
import { createClient } from '@cloudless/sdk';
import { expect, test } from '@playwright/test';
import { startCluster, type Cluster } from '../src/chaos/cluster.ts';
import { judge } from '../src/chaos/judge.ts';
import { leaderOf, untilRole, type Member } from '../src/chaos/members.ts';
import { note } from '../src/chaos/note.ts';
import { untilEnded } from '../src/chaos/program.ts';
import { until } from '../src/chaos/until.ts';
import { untilLogs } from '../src/chaos/until-logs.ts';
import { watchLive } from '../src/chaos/watch-live.ts';
import { watchWriters } from '../src/chaos/watch-writers.ts';

/** Bounds of what is waited for; what it took is noted. `docs/benchmarks.md` has the goals. */
const WAIT_MS = 30_000;
const LEADS_NO_MORE = 'ended with code 75';

type Work = { readonly workloadId: string; readonly replicas: number };

/** Strikes at the leader, and waits until people write, pages hear and all devices are back, through the others. */
async function strike(cluster: Cluster, { workloadId, replicas }: Work, fault: (leader: Member) => void): Promise<Member> {
  const { members, people, token } = cluster;
  const leader = await leaderOf(members);
  const [page] = members.filter((member) => member !== leader);
  if (!page) throw new Error('no coordinator stands by');
  await using live = watchLive({ name: page.name, url: page.url, token });
  await live.untilHeardAfter(performance.now(), WAIT_MS);
  const fromMs = performance.now();
  fault(leader);
  const firstWriteMs = await people.untilWrittenAfter(fromMs, WAIT_MS);
  const pageMs = firstWriteMs + (await live.untilHeardAfter(fromMs + firstWriteMs, WAIT_MS));
  await untilLogs({ url: page.url, token }, workloadId, replicas);
  const measured = { firstWriteMs, pageMs, devicesMs: performance.now() - fromMs };
  note(Object.fromEntries(Object.entries(measured).map(([name, ms]) => [name, Math.round(ms)])));
  return leader;
}

async function untilEndsReplaced({ coordinator }: Member, before: number): Promise<void> {
  await untilEnded(coordinator, before, WAIT_MS);
  expect(coordinator.endings.at(-1)).toBe(LEADS_NO_MORE);
}

/** A store that the next release migrated, in words that this one still reads, or with `isForReaders` does not. */
async function migrateAhead(store: RqliteDouble, isForReaders: boolean): Promise<void> {
  const { url } = await store.leader();
  const statements = [
    'CREATE TABLE IF NOT EXISTS of_the_next_release (id TEXT NOT NULL PRIMARY KEY) STRICT',
    `INSERT INTO migration (version, name, checksum, at, min_reader)
      SELECT max(version) + 1, 'next', 'of the next release', max(at), max(version) FROM migration
      HAVING NOT EXISTS (SELECT 1 FROM migration WHERE name = 'next')`,
    `UPDATE migration SET min_reader = version - ${isForReaders ? 0 : 1} WHERE name = 'next'`,
  ];
  const answer = await fetch(`${url}/db/execute?transaction`, { method: 'POST', body: JSON.stringify(statements) });
  expect(await answer.text()).not.toContain('error');
}

test('three coordinators: one after the other is killed, paused, parted from the store, stopped; people go on and nothing runs anew', async () => {
  test.setTimeout(300_000);
  const writers = watchWriters();
  await using store = await createRqliteDouble({ nodes: 3, onCommit: writers.onCommit });
  await using cluster = await startCluster({ seed: 81, devices: 3, apps: [2, 2], members: { store, count: 3 } });
  const { members, token } = cluster;

  const work = await test.step('devices that come through standbys are given work, and their logs are read', async () => {
    const [, standby] = members;
    await using client = createClient({ url: standby?.url ?? '', token });
    const { id } = await client.workload.create({ metadata: { name: 'work' }, spec: { image: 'chaos/app:1', replicas: 3 } });
    await cluster.settle(WAIT_MS);
    expect(new Set((await client.allocation.list({ workloadId: id })).rows.map(({ nodeId }) => nodeId)).size).toBe(3);
    await untilLogs({ url: standby?.url ?? '', token }, id, 3);
    return { workloadId: id, replicas: 3 };
  });

  await test.step('an app is opened at the address of a standby, which passes it on to the device', async () => {
    await using page = createServer((_request, response) => response.end('the page of an app'));
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
    const { port: hostPort } = page.address() as AddressInfo;
    const leader = await leaderOf(members);
    const standby = members.find((member) => member !== leader);
    await using client = createClient({ url: standby?.url ?? '', token });
    const ports = [{ name: 'http', containerPort: 8080, hostPort }];
    const { id, url = '' } = await client.workload.create({ metadata: { name: 'page' }, spec: { image: 'chaos/app:1', ports } });
    expect(new URL(url).hostname).toBe(standby?.host);
    await until('its page comes', WAIT_MS, async () => {
      const answer = await fetch(url, { signal: AbortSignal.timeout(2000) }).then((got) => got.text(), String);
      return answer === 'the page of an app' ? undefined : answer;
    });
    await client.workload.delete({ workloadId: id });
    await cluster.settle(WAIT_MS);
  });

  await test.step('a standby is killed that a device comes through', async () => {
    const leader = await leaderOf(members);
    const standby = members.find((member) => member !== leader);
    const fromMs = performance.now();
    standby?.coordinator.signal('SIGKILL');
    await untilLogs({ url: leader.url, token }, work.workloadId, work.replicas);
    note({ devicesMs: Math.round(performance.now() - fromMs) });
  });

  await test.step('the leader is killed', async () => {
    const killed = await strike(cluster, work, ({ coordinator }) => coordinator.signal('SIGKILL'));
    await untilRole(killed, 'standby');
  });

  await test.step('the leader is parted from the store, which the others reach', async () => {
    const before = (await leaderOf(members)).coordinator.endings.length;
    const parted = await strike(cluster, work, (leader) => leader.partFromStore());
    parted.healStore();
    await untilEndsReplaced(parted, before);
    await untilRole(parted, 'standby');
  });

  await test.step('the leader stands still, wakes without the store, and knows nothing: devices refuse it; it ends when it is told', async () => {
    const before = (await leaderOf(members)).coordinator.endings.length;
    const paused = await strike(cluster, work, ({ coordinator }) => coordinator.signal('SIGSTOP'));
    const [device] = cluster.devices;
    if (!device) throw new Error('no device has joined');
    paused.partFromStore();
    device.leadTo(paused);
    const lives = device.agent.endings.length;
    device.agent.signal('SIGKILL');
    await untilEnded(device.agent, lives, WAIT_MS);
    device.network.cut();
    await until('the device dials', WAIT_MS, () => (device.network.size > 0 ? undefined : 'it does not'));
    paused.coordinator.signal('SIGCONT');
    const refusal = 'another leader took over';
    await until('the device refuses it', WAIT_MS, () => (device.agent.tail().includes(refusal) ? undefined : device.agent.tail()));
    paused.healStore();
    await untilEndsReplaced(paused, before);
    await untilRole(paused, 'standby');
  });

  await test.step('the next release migrates the store: one that cannot read it says so and starts not; each is stopped and started in turn, the leader last', async () => {
    const leader = await leaderOf(members);
    const pages = members.map(({ name, url }) => ({ name, live: watchLive({ name, url, token }) }));
    for (const { live } of pages) await live.untilHeardAfter(performance.now(), WAIT_MS);

    await migrateAhead(store, true);
    const [old] = members.filter((member) => member !== leader);
    if (!old) throw new Error('no coordinator stands by');
    const before = old.coordinator.endings.length;
    old.coordinator.signal('SIGKILL');
    // Killed, then ended by itself.
    await untilEnded(old.coordinator, before + 1, WAIT_MS);
    expect(old.coordinator.tail()).toContain('asks for a release that knows schema');
    await migrateAhead(store, false);
    await untilRole(old, 'standby');

    for (const member of [...members.filter((one) => one !== leader), leader]) {
      const others = pages.filter(({ name }) => name !== member.name);
      for (const { live } of others) await live.untilHeardAfter(performance.now(), WAIT_MS);
      for (const { live } of others) live.takeLongestSilence();
      await member.coordinator.stop();
      member.coordinator.start();
      await untilRole(member, 'standby');
      for (const { live } of others) await live.untilHeardAfter(performance.now(), WAIT_MS);
      const longestSilenceMs = Math.max(...others.map(({ live }) => live.takeLongestSilence()));
      note({ stopped: member === leader ? 'the leader' : 'a standby', longestSilenceMs });
    }
    for (const { live } of pages) await live[Symbol.asyncDispose]();
  });

  await test.step('the store loses its leader', async () => {
    await strike(cluster, work, () => void store.killLeader());
  });

  note({ takeovers: writers.takeovers, ...(await judge(cluster, { settleMs: WAIT_MS, starts: work.replicas + 1 })) });
  expect(writers.findForeign(members)).toEqual([]);
  expect((await cluster.told('node.lost', 'allocation.restarted')).map(({ message }) => message)).toEqual([]);
});
