import { copyFile, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { AGENT_FILE, REPOSITORY } from '@cloudless/tools/product';
import { startCluster, type Cluster } from '../src/chaos/cluster.ts';
import { findEarlierCommit, makeEarlierRelease } from '../src/chaos/earlier-release.ts';
import { judge } from '../src/chaos/judge.ts';
import { note } from '../src/chaos/note.ts';
import { untilEnded } from '../src/chaos/program.ts';
import { until } from '../src/chaos/until.ts';

const SETTLE_MS = 30_000;

const runsWhole =
  ({ client }: Cluster, workloadId: string) =>
  async (): Promise<string | undefined> => {
    const { status, spec } = await client.workload.get({ workloadId });
    return status.ready === spec.replicas && status.condition === 'running' ? undefined : status.cause.message;
  };

test('a cluster of the protocol before is brought to this release, its coordinator first and then device by device, and nothing restarts', async () => {
  const commit = await findEarlierCommit();
  test.skip(commit === undefined, 'the history of the sources does not reach back to the protocol before');
  const root = await mkdtemp(join(tmpdir(), 'cloudless-upgrade-'));
  await using _folder = { [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) };
  const earlier = await makeEarlierRelease(root, commit ?? '');
  // As machines keep releases: a link to the one that runs, and a file that an update replaces.
  const current = { sources: join(root, 'current'), agentFile: join(root, 'agent.mjs') };
  await symlink(earlier.sources, current.sources);
  await copyFile(earlier.agentFile, current.agentFile);

  await using cluster = await startCluster({ seed: 101, devices: 3, apps: [3, 2], release: current });
  const { seat, devices, client } = cluster;
  note({ earlier: commit });

  await test.step('the coordinator, killed while it migrates', async () => {
    await seat.coordinator.stop();
    await rm(current.sources);
    await symlink(REPOSITORY, current.sources);
    const before = seat.coordinator.endings.length;
    seat.coordinator.start({ CLOUDLESS_TEST_FAULTS: '1', CLOUDLESS_CRASH_AT: 'migration.duringCommit' });
    await untilEnded(seat.coordinator, before, SETTLE_MS);
    expect(seat.coordinator.endings.at(-1)).toBe('was ended by SIGKILL');
    await seat.untilReady();
    await cluster.settle(SETTLE_MS);
  });
  await test.step('work is given to devices of the protocol before', async () => {
    const { id } = await client.workload.create({ metadata: { name: 'later' }, spec: { image: 'chaos/app:1', replicas: 3 } });
    await until('it runs', SETTLE_MS, runsWhole(cluster, id));
  });
  // It needs leases, which came with this protocol: no device is there for it yet.
  const { id: exclusive } = await client.workload.create({ metadata: { name: 'one' }, spec: { image: 'chaos/app:1', exclusive: true } });
  await until('no device takes it', SETTLE_MS, async () => {
    const { condition, cause } = (await client.workload.get({ workloadId: exclusive })).status;
    return condition === 'unplaced' ? undefined : `it is ${condition}: ${cause.message}`;
  });
  await copyFile(AGENT_FILE, current.agentFile);
  for (const { name, agent, watchdog } of devices)
    await test.step(name, async () => {
      watchdog.start();
      const lives = agent.endings.length;
      agent.signal('SIGKILL');
      await untilEnded(agent, lives, SETTLE_MS);
      await until('all devices are online', SETTLE_MS, async () =>
        (await cluster.nodes()).every(({ state }) => state.word === 'online') ? undefined : 'one is not',
      );
    });
  await test.step('all take what only this protocol knows', async () => {
    await until('what needs leases runs', SETTLE_MS, runsWhole(cluster, exclusive));
    for (const { id } of await cluster.nodes()) await client.node.setLending({ nodeId: id, lending: { storageBytes: 50 * 2 ** 30 } });
    await cluster.settle(SETTLE_MS);
  });
  note(await judge(cluster, { settleMs: SETTLE_MS, starts: 9 }));
  expect(await cluster.told('node.lost', 'allocation.restarted')).toEqual([]);
});
