import { expect, test } from '@playwright/test';
import { startCluster } from '../src/chaos/cluster.ts';
import { judge } from '../src/chaos/judge.ts';
import { note } from '../src/chaos/note.ts';
import { pause } from '../src/chaos/until.ts';

/** Scaled down from the minute that a machine may swap: several times the silence that is allowed, far less than makes a device lost. */
const STILL_MS = 4000;

test('a coordinator that stands still accuses no device when it wakes, and a device that stood still is back as it was', async () => {
  await using cluster = await startCluster({ seed: 21, devices: 5, apps: [3, 2, 2] });
  const { coordinator } = cluster.seat;
  await test.step('the coordinator', async () => {
    for (let round = 0; round < 2; round += 1) {
      coordinator.signal('SIGSTOP');
      await pause(STILL_MS);
      coordinator.signal('SIGCONT');
      note({ backMs: Math.round(await cluster.settle(5000)) });
    }
    expect(await cluster.told('node.lost', 'allocation.placed')).toEqual([]);
  });
  await test.step('two devices', async () => {
    const asleep = cluster.devices.slice(0, 2);
    for (const { agent } of asleep) agent.signal('SIGSTOP');
    await pause(STILL_MS);
    expect((await cluster.nodes()).filter(({ state }) => state.word === 'unreachable')).toHaveLength(2);
    for (const { agent } of asleep) agent.signal('SIGCONT');
    note({ backMs: Math.round(await cluster.settle(5000)) });
  });
  await test.step('everything at once', async () => {
    const programs = [coordinator, ...cluster.devices.map(({ agent }) => agent)];
    for (const program of programs) program.signal('SIGSTOP');
    await pause(STILL_MS);
    for (const program of programs) program.signal('SIGCONT');
    note({ backMs: Math.round(await cluster.settle(8000)) });
  });
  note(await judge(cluster, { settleMs: 5000, starts: 0 }));
  expect(await cluster.told('node.lost', 'allocation.placed')).toEqual([]);
});
