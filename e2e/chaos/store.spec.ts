import { rqlited, createRqliteDouble, startRqlited } from '@cloudless/db/testing';
import { expect, test } from '@playwright/test';
import { startCluster } from '../src/chaos/cluster.ts';
import { judge } from '../src/chaos/judge.ts';
import { note } from '../src/chaos/note.ts';
import { pause } from '../src/chaos/until.ts';

const SETTLE_MS = 20_000;

const STORES = [
  { name: 'three nodes of the double of rqlite', open: () => createRqliteDouble({ nodes: 3 }) },
  ...(rqlited === undefined ? [] : [{ name: 'three real rqlited', open: () => startRqlited(rqlited ?? '', 3) }]),
];

for (const { name, open } of STORES) {
  test(`a store of ${name} changes its leader, then loses one: people go on, nothing runs anew`, async () => {
    await using store = await open();
    const urls = store.nodes.map(({ url }) => url).join(',');
    await using cluster = await startCluster({ seed: 71, devices: 3, apps: [2, 2], env: { CLOUDLESS_STORE_URL: urls } });
    await test.step('the leader hands over', async () => {
      await store.changeLeader();
      await pause(2000);
      note({ settledMs: Math.round(await cluster.settle(SETTLE_MS)) });
    });
    await test.step('the leader is gone', async () => {
      await store.killLeader();
      await pause(2000);
      note({ settledMs: Math.round(await cluster.settle(SETTLE_MS)) });
    });
    await test.step('the coordinator is killed, and starts on what the others hold', async () => {
      cluster.seat.coordinator.signal('SIGKILL');
      await pause(500);
      note({ settledMs: Math.round(await cluster.settle(SETTLE_MS)) });
    });
    note(await judge(cluster, { settleMs: SETTLE_MS, starts: 0 }));
    expect(await cluster.told('node.lost', 'allocation.placed')).toEqual([]);
  });
}

test('answers of the store that are lost are settled: what people were told holds', async () => {
  let isLossy = false;
  let writes = 0;
  let lost = 0;
  await using store = await createRqliteDouble({
    nodes: 3,
    fault({ path }) {
      if (!isLossy || !/^\/db\/(execute|request)/.test(path)) return undefined;
      writes += 1;
      if (writes % 15 > 0) return undefined;
      lost += 1;
      // Of those that nobody hears of, every other happened.
      return { kind: 'loseAnswer', isDone: lost % 2 === 0 };
    },
  });
  const urls = store.nodes.map(({ url }) => url).join(',');
  await using cluster = await startCluster({ seed: 72, devices: 2, apps: [1, 1, 1], env: { CLOUDLESS_STORE_URL: urls } });
  isLossy = true;
  await pause(10_000);
  isLossy = false;
  note({ writes, lost });
  expect(lost).toBeGreaterThan(2);
  note(await judge(cluster, { settleMs: SETTLE_MS, starts: 0 }));
});
