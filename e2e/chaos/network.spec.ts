import { expect, test } from '@playwright/test';
import { bothWays, CLEAR } from '@cloudless/transport/testing';
import { startCluster, type Cluster } from '../src/chaos/cluster.ts';
import type { Device } from '../src/chaos/device.ts';
import { judge } from '../src/chaos/judge.ts';
import { note } from '../src/chaos/note.ts';
import { pause, until } from '../src/chaos/until.ts';

/** The longest silence that is allowed on a wire, to one that was not punctual, and until it is seen. */
const MISSED_MS = 3500;
/** More than that, and far from the silence after which replicas are replaced (60 s). */
const PARTED_MS = 4000;
/** From mended to online: a session is opened again after at most a second. */
const BACK_MS = 3000;

const wordOf = async (cluster: Cluster, device: Device): Promise<string | undefined> =>
  (await cluster.nodes()).find(({ name }) => name === device.name)?.state.word;

const untilWord = (cluster: Cluster, device: Device, wanted: string, withinMs: number): Promise<number> =>
  until(`${device.name} is ${wanted}`, withinMs, async () => {
    const word = await wordOf(cluster, device);
    return word === wanted ? undefined : `it is ${word}`;
  });

test('10 % loss, delay and jitter on every network: no device is lost, no replica moves', async () => {
  await using cluster = await startCluster({ seed: 11, devices: 6, apps: [4, 3, 1] });
  for (const { network } of cluster.devices) network.turn(bothWays({ loss: 0.1, delayMs: 20, jitterMs: 40 }));
  await pause(10_000);
  for (const { network } of cluster.devices) network.turn(bothWays(CLEAR));
  note(await judge(cluster, { settleMs: BACK_MS, starts: 0 }));
  expect(await cluster.told('node.lost', 'allocation.placed')).toEqual([]);
  note({ unreachable: (await cluster.told('node.unreachable')).length });
});

test('partitions of half the devices, of one, and of one direction are seen, and heal without a restart', async () => {
  await using cluster = await startCluster({ seed: 12, devices: 6, apps: [4, 3, 1] });
  const [first, second, third] = cluster.devices;
  if (!first || !second || !third) throw new Error('six devices were asked for');
  const faults = [
    { name: 'half of the devices', devices: [first, second, third], sky: bothWays({ isBlocked: true }) },
    { name: 'one device', devices: [first], sky: bothWays({ isBlocked: true }) },
    { name: 'what one device says', devices: [second], sky: { out: { isBlocked: true } } },
    { name: 'what one device is told', devices: [third], sky: { back: { isBlocked: true } } },
  ] as const;
  for (const { name, devices, sky } of faults) {
    await test.step(name, async () => {
      for (const { network } of devices) network.turn(sky);
      for (const device of devices) await untilWord(cluster, device, 'unreachable', PARTED_MS);
      await pause(PARTED_MS / 2);
      for (const { network } of devices) network.turn(bothWays(CLEAR));
      for (const device of devices) note({ partition: name, backMs: Math.round(await untilWord(cluster, device, 'online', BACK_MS)) });
    });
  }
  note(await judge(cluster, { settleMs: BACK_MS, starts: 0 }));
  expect(await cluster.told('node.lost', 'allocation.placed')).toEqual([]);
});

test('a connection that is half-open is found within what is allowed to its wire, a coordinator that is not reached is found again', async () => {
  await using cluster = await startCluster({ seed: 13, devices: 3, apps: [2, 2] });
  for (const device of cluster.devices) {
    await test.step(`${device.name} behind a NAT that forgot it`, async () => {
      device.network.cut('silently');
      const foundMs = await untilWord(cluster, device, 'unreachable', MISSED_MS);
      const backMs = await untilWord(cluster, device, 'online', 4000);
      note({ halfOpenFoundMs: Math.round(foundMs), backMs: Math.round(backMs) });
    });
  }
  for (const door of ['closed', 'reset', 'silent'] as const) {
    await test.step(`a door that is ${door}`, async () => {
      const [device] = cluster.devices;
      await device?.network.setDoor(door);
      device?.network.cut();
      await pause(2500);
      await device?.network.setDoor('open');
      // Who was let in by a silent door waits for an answer until its own limit.
      if (device) note({ door, backMs: Math.round(await untilWord(cluster, device, 'online', door === 'silent' ? 17_000 : BACK_MS)) });
    });
  }
  note(await judge(cluster, { settleMs: BACK_MS, starts: 0 }));
});
