import { expect, test } from '@playwright/test';
import { CRASH_POINTS, type CrashPointName } from '@cloudless/coordinator';
import { createSeededEntropy } from '@cloudless/kernel/testing';
import { createClient } from '@cloudless/sdk';
import { startCluster, type Cluster } from '../src/chaos/cluster.ts';
import { judge } from '../src/chaos/judge.ts';
import { note } from '../src/chaos/note.ts';
import { untilEnded } from '../src/chaos/program.ts';
import { pause } from '../src/chaos/until.ts';

const SETTLE_MS = 20_000;

/** Ends one container behind everybody's back: its agent starts it again, and reports that. */
function breakContainer({ devices }: Cluster): void {
  const engine = devices.map((device) => device.engine).find(({ containers }) => containers.some(({ state }) => state === 'running'));
  const container = engine?.containers.find(({ state }) => state === 'running');
  if (!engine || !container) throw new Error('no container runs');
  engine.crash(container.containerId, { code: 1 });
}

/** Makes a coordinator with this crash point pass it. */
const PASSES: readonly { readonly points: RegExp; readonly does: 'deploy' | 'break a container' }[] = [
  { points: /^(deploy|placement)\./, does: 'deploy' },
  { points: /^report\./, does: 'break a container' },
];
const POINTS = CRASH_POINTS.flatMap((point: CrashPointName) => {
  const found = PASSES.find(({ points }) => points.test(point));
  return found ? [{ point, does: found.does }] : [];
});

test('a coordinator killed at every crash point, with people at work, loses no acknowledged write and doubles nothing', async () => {
  await using cluster = await startCluster({ seed: 31, devices: 4, apps: [2, 2] });
  const { seat } = cluster;
  await using hasty = createClient({ url: seat.url, token: cluster.token, timeoutMs: 3000 });
  const acknowledged: string[] = [];
  let broken = 0;
  for (const { point, does } of POINTS) {
    await test.step(`at ${point}`, async () => {
      await seat.coordinator.stop();
      seat.coordinator.start({ CLOUDLESS_TEST_FAULTS: '1', CLOUDLESS_CRASH_AT: point });
      await seat.untilReady();
      const before = seat.coordinator.endings.length;
      if (does === 'deploy') {
        const name = point.toLowerCase().replace('.', '-');
        await hasty.workload.create({ metadata: { name }, spec: { image: 'chaos/app:1' } }).then(
          () => acknowledged.push(name),
          () => undefined,
        );
      } else {
        broken += 1;
        breakContainer(cluster);
      }
      await untilEnded(seat.coordinator, before, 15_000);
      expect(seat.coordinator.endings.at(-1)).toBe('was ended by SIGKILL');
      await seat.untilReady();
      note({ point, settledMs: Math.round(await cluster.settle(SETTLE_MS)) });
    });
  }
  const made = (await cluster.client.workload.list()).rows.map(({ name }) => name).filter((name) => !name.startsWith('app-'));
  expect(new Set(made).size).toBe(made.length);
  for (const name of acknowledged) expect(made).toContain(name);
  note(await judge(cluster, { settleMs: SETTLE_MS, starts: made.length + broken }));
});

test('a coordinator killed before and after it grants a lease lets what is exclusive run on, once', async () => {
  await using cluster = await startCluster({ seed: 34, devices: 2, apps: [1], hasWatchdog: true });
  const { seat, client } = cluster;
  const exclusive = { image: 'chaos/app:1', exclusive: true, disconnect: { stopAfterMs: 15_000 } };
  await client.workload.create({ metadata: { name: 'db' }, spec: exclusive });
  await cluster.settle(SETTLE_MS);
  for (const point of CRASH_POINTS.filter((name) => name.startsWith('lease.'))) {
    await test.step(`at ${point}`, async () => {
      await seat.coordinator.stop();
      seat.coordinator.start({ CLOUDLESS_TEST_FAULTS: '1', CLOUDLESS_CRASH_AT: point });
      await untilEnded(seat.coordinator, seat.coordinator.endings.length, SETTLE_MS);
      expect(seat.coordinator.endings.at(-1)).toBe('was ended by SIGKILL');
      await seat.untilReady();
      note({ point, settledMs: Math.round(await cluster.settle(SETTLE_MS)) });
    });
  }
  note(await judge(cluster, { settleMs: SETTLE_MS, starts: 1 }));
  expect(await cluster.told('allocation.restarted')).toEqual([]);
});

test('agents and coordinator killed at random moments touch no container', async () => {
  await using cluster = await startCluster({ seed: 32, devices: 5, apps: [3, 3, 2] });
  const { random } = createSeededEntropy(cluster.seed);
  const { coordinator } = cluster.seat;
  for (let round = 0; round < 12; round += 1) {
    const agent = cluster.devices[Math.floor(random() * cluster.devices.length)]?.agent;
    if (random() < 0.25) coordinator.signal('SIGKILL');
    else agent?.signal('SIGKILL');
    await pause(200 + random() * 800);
  }
  note(await judge(cluster, { settleMs: SETTLE_MS, starts: 0 }));
  expect(await cluster.told('node.lost', 'allocation.placed', 'allocation.restarted')).toEqual([]);
});

test('an agent killed again and again while it is given work runs each replica once', async () => {
  await using cluster = await startCluster({ seed: 33, devices: 2, apps: [1] });
  const { random } = createSeededEntropy(cluster.seed);
  const [{ agent } = cluster.devices[1] ?? { agent: undefined }] = cluster.devices;
  for (let round = 1; round <= 6; round += 1) {
    const made = await cluster.client.workload.create({ metadata: { name: `work-${round}` }, spec: { image: 'chaos/app:1', replicas: 2 } });
    await pause(random() * 250);
    agent?.signal('SIGKILL');
    await cluster.settle(SETTLE_MS);
    if (round % 2 === 0) await cluster.client.workload.delete({ workloadId: made.id });
  }
  await cluster.settle(SETTLE_MS);
  // Killed between the engine's answer and its own note, an agent may not know that it started one; it starts none twice.
  note(await judge(cluster, { settleMs: SETTLE_MS, starts: 12 }));
});
