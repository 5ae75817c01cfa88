import { cp } from 'node:fs/promises';
import { expect, test } from '@playwright/test';
import { WELCOME, type Allocation, type ClusterEvent, type Workload } from '@cloudless/proto';
import { createLan } from '@cloudless/tools/machines';
import { fingerprintOf, listContainers } from '@cloudless/tools/product';
import { createOffer, findNode, joinByCommand, startCluster, untilNode } from '../src/devices.ts';
import { untilWorkload } from '../src/rest.ts';

test('a device comes back from a cut cable, another address and a night without power; a copy of it is refused', async () => {
  test.setTimeout(300_000);
  await using lan = await createLan();
  await using cluster = await startCluster();
  const { rest } = cluster;
  const attic = await lan.addMachine('attic');
  await joinByCommand(attic, (await createOffer(rest)).command);
  const isConnected = async (): Promise<boolean> => (await findNode(rest, 'attic'))?.state.word === 'online';
  const isBack = (what: string) => expect.poll(isConnected, { message: what, timeout: 20_000, intervals: [25] }).toBe(true);
  await untilNode(rest, 'attic', 'attic is online', (node) => node?.state.word === 'online');
  // The app runs there alone: this machine gets nothing new.
  const own = (await rest.call<{ rows: { id: string; local: boolean }[] }>('GET', '/nodes')).body.rows.find(({ local }) => local);
  await rest.call('PATCH', `/nodes/${own?.id}`, { schedulable: false });
  const { id } = (await rest.call<Workload>('POST', '/workloads', { metadata: { name: 'welcome' }, spec: WELCOME.spec })).body;
  await untilWorkload(rest, id, 'the app is ready', ({ status }) => status.ready === 1);
  const [container] = await listContainers(attic.engine);
  const before = await fingerprintOf(container?.id ?? '', attic.engine);

  await test.step('a cable that is cut and mended', async () => {
    await attic.link('down');
    await expect.poll(isConnected, { message: 'it is missed', timeout: 30_000 }).toBe(false);
    const mendedAt = performance.now();
    await attic.link('up');
    await isBack('it is back');
    test.info().annotations.push({ type: 'reconnect after a cable', description: `${Math.round(performance.now() - mendedAt)} ms` });
  });
  await test.step('another address', async () => {
    await attic.moveAddress();
    const movedAt = performance.now();
    await expect
      .poll(async () => (await attic.run(['ss', '-Htn', 'state', 'established', 'src', attic.address])).stdout.trim() !== '', {
        timeout: 20_000,
        intervals: [25],
      })
      .toBe(true);
    await isBack('it is back');
    test.info().annotations.push({ type: 'reconnect from another address', description: `${Math.round(performance.now() - movedAt)} ms` });
  });
  await test.step('from the cable to the Wi-Fi, and back', async () => {
    const wifi = await attic.addWifi();
    const connectionsFrom = async (address: string): Promise<readonly string[]> =>
      (await attic.run(['ss', '-Htn', 'state', 'established', 'src', address])).stdout
        .split('\n')
        .map((line) => line.trim().split(/\s+/)[2] ?? '')
        .filter((local) => local !== '');
    /** By a connection that was not there before: one over a dead interface may stay for long. */
    const talksFrom = (address: string, before: readonly string[] = []) =>
      expect
        .poll(async () => (await connectionsFrom(address)).some((local) => !before.includes(local)), {
          message: `it talks from ${address}`,
          timeout: 20_000,
          intervals: [25],
        })
        .toBe(true);
    const unpluggedAt = performance.now();
    await attic.plug('out');
    await talksFrom(wifi);
    await isBack('it is back over the Wi-Fi');
    const overWifiMs = Math.round(performance.now() - unpluggedAt);
    // It may go back to the cable as soon as that is in: whatever was there before is dead.
    const dead = await connectionsFrom(attic.address);
    await attic.plug('in');
    const wifiDownAt = performance.now();
    await attic.leaveWifi();
    await talksFrom(attic.address, dead);
    await isBack('it is back over the cable');
    const description = `${overWifiMs} ms to the Wi-Fi, ${Math.round(performance.now() - wifiDownAt)} ms to the cable`;
    test.info().annotations.push({ type: 'reconnect over the other interface', description });
  });
  await test.step('a night asleep', async () => {
    // The launcher is asleep too, as everything on a machine whose lid is shut.
    await attic.signalAgent('SIGSTOP');
    await expect.poll(isConnected, { message: 'it is missed', timeout: 30_000 }).toBe(false);
    const wokeAt = performance.now();
    await attic.signalAgent('SIGCONT');
    await isBack('it is back');
    test.info().annotations.push({ type: 'reconnect after sleep', description: `${Math.round(performance.now() - wokeAt)} ms` });
  });
  expect(await fingerprintOf(container?.id ?? '', attic.engine), 'the container was not touched').toBe(before);

  await test.step('a machine that starts with no coordinator in reach', async () => {
    await attic.powerOff();
    await attic.link('down');
    await attic.startEngine();
    // As its service would at the start of the machine, which got another name meanwhile.
    const renamed = 'hostname cellar && exec env -u CLOUDLESS_NODE_NAME "$0" run';
    const agent = attic.start(['unshare', '--uts', 'sh', '-c', renamed, `${attic.home}/data/agent/bin/cloudless-agent`]);
    await expect
      .poll(async () => (await listContainers(attic.engine)).some(({ running }) => running), {
        message: 'the app runs before any contact',
        timeout: 30_000,
      })
      .toBe(true);
    expect(await isConnected()).toBe(false);
    await attic.link('up');
    await isBack('it is back');
    await untilWorkload(rest, id, 'the app is ready', ({ status }) => status.ready === 1);
    await untilNode(rest, 'attic', 'its machine\u2019s new name is seen', (node) => node?.fingerprint?.hostname === 'cellar');
    const { rows } = (await rest.call<{ rows: { name: string; local: boolean }[] }>('GET', '/nodes')).body;
    expect(
      rows.filter(({ local }) => !local).map(({ name }) => name),
      'it is one device, by the name that people gave it',
    ).toEqual(['attic']);
    expect(agent.output()).not.toContain('"level":50');
  });

  await test.step('a data folder that was copied', async () => {
    const copy = await lan.addMachine('copy');
    await cp(`${attic.home}/data`, `${copy.home}/data`, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !path.endsWith('.sock'),
    });
    const ran = copy.start([
      'env',
      `CLOUDLESS_DATA=${copy.home}/data`,
      `CLOUDLESS_AGENT_HOME=${copy.home}/data/agent/bin`,
      'CLOUDLESS_STATUS_PORT=0',
      `${copy.home}/data/agent/node/bin/node`,
      `${copy.home}/data/agent/bin/current`,
      'run',
    ]);
    await expect
      .poll(() => ran.output(), { message: 'the copy is told why', timeout: 30_000 })
      .toMatch(/data folder was copied|in use on another machine/);
    const events = (await rest.call<{ rows: ClusterEvent[] }>('GET', '/events?limit=100')).body.rows;
    expect(events.some(({ kind, message }) => kind === 'node.identityCopied' && message.includes('attic'))).toBe(true);
    expect(await isConnected(), 'the first one stays').toBe(true);
    ran.kill();
    // Without the first one in the way, the copy is refused all the same: it is another machine.
    await attic.link('down');
    await expect.poll(isConnected, { timeout: 30_000 }).toBe(false);
    const again = copy.start([
      'env',
      `CLOUDLESS_DATA=${copy.home}/data`,
      `CLOUDLESS_AGENT_HOME=${copy.home}/data/agent/bin`,
      'CLOUDLESS_STATUS_PORT=0',
      `${copy.home}/data/agent/node/bin/node`,
      `${copy.home}/data/agent/bin/current`,
      'run',
    ]);
    await expect.poll(() => again.output(), { timeout: 30_000 }).toMatch(/belongs to another machine/);
    again.kill();
  });
});

test('a device whose clock says 1970 joins, runs an app and comes back', async () => {
  await using lan = await createLan();
  await using cluster = await startCluster();
  const { rest } = cluster;
  const machine = await lan.addMachine('clockless');
  const { command } = await createOffer(rest);
  const preload = {
    LD_PRELOAD: '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1',
    FAKETIME: '@1970-01-02 00:00:00',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
  const ran = await machine.run(['sh', '-c', command], { env: preload });
  expect(ran.exitCode, ran.output).toBe(0);
  await untilNode(rest, 'clockless', 'it is online', (node) => node?.state.word === 'online');
  const own = (await rest.call<{ rows: { id: string; local: boolean }[] }>('GET', '/nodes')).body.rows.find(({ local }) => local);
  await rest.call('PATCH', `/nodes/${own?.id}`, { schedulable: false });
  const { id } = (await rest.call<Workload>('POST', '/workloads', { metadata: { name: 'welcome' }, spec: WELCOME.spec })).body;
  await untilWorkload(rest, id, 'the app is ready', ({ status }) => status.ready === 1);
  const { rows } = (await rest.call<{ rows: Allocation[] }>('GET', `/allocations?workloadId=${id}`)).body;
  expect(rows[0]?.nodeName).toBe('clockless');
  await machine.link('down');
  await untilNode(rest, 'clockless', 'it is missed', (node) => node?.state.word !== 'online');
  await machine.link('up');
  await untilNode(rest, 'clockless', 'it is back', (node) => node?.state.word === 'online');
});
