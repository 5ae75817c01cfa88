import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';
import { createRqliteDouble } from '@cloudless/db/testing';
import { startCluster, type Cluster } from '../src/chaos/cluster.ts';
import { note } from '../src/chaos/note.ts';

const SETTLE_MS = 30_000;
const PROGRAM = join(import.meta.dirname, '../../apps/coordinator/src/backup/main.ts');

/** One of the coordinator's commands, on the cluster's data folder. */
async function command({ seat }: Cluster, argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, ...argv], {
    env: { ...process.env, CLOUDLESS_DATA: seat.root, ...env },
  });
  return stdout;
}

/** What runs, by the engines' own word: a restart would give a container another id or another start. */
const whatRuns = ({ devices }: Cluster): readonly string[] =>
  devices.flatMap(({ engine }) => engine.containers.map(({ containerId, state }) => `${containerId} ${state}`)).toSorted();

async function expectUntouched(cluster: Cluster, before: readonly string[]): Promise<void> {
  expect(whatRuns(cluster)).toEqual(before);
  expect(await cluster.told('allocation.restarted', 'allocation.placed', 'node.lost')).toEqual([]);
}

test('a backup restored on an empty data folder is the same cluster: agents come back, and nothing restarts', async () => {
  await using cluster = await startCluster({ seed: 71, devices: 3, apps: [2, 1] });
  await cluster.people.finish();
  await cluster.settle(SETTLE_MS);
  const before = whatRuns(cluster);
  const nodes = (await cluster.nodes()).map(({ id }) => id).toSorted();
  const epoch = (await cluster.client.cluster.get()).epoch;
  const file = join(cluster.seat.root, '..', 'home.backup');
  const passphrase = join(cluster.seat.root, '..', 'passphrase');
  await writeFile(passphrase, 'twelve long words or so\n', { mode: 0o600 });
  const said = await command(cluster, ['backup', '--to', file, '--with-master-key', '--passphrase-file', passphrase]);
  expect(said).toContain('read back and whole');
  await cluster.seat.coordinator.kill();
  await rm(join(cluster.seat.root, 'coordinator'), { recursive: true });
  expect(await command(cluster, ['restore', '--from', file, '--passphrase-file', passphrase])).toContain('Restored cluster');
  cluster.seat.coordinator.start();
  await cluster.seat.untilReady();
  note({ settledMs: Math.round(await cluster.settle(SETTLE_MS)) });
  expect((await cluster.client.cluster.get()).epoch).toBeGreaterThan(epoch);
  expect((await cluster.nodes()).map(({ id }) => id).toSorted()).toEqual(nodes);
  await expectUntouched(cluster, before);
});

test('a cluster moved to rqlite goes on there, and nothing restarts; the old database refuses to start', async () => {
  await using double = await createRqliteDouble({ nodes: 3 });
  const url = double.nodes.map((node) => node.url).join(',');
  await using cluster = await startCluster({ seed: 72, devices: 3, apps: [2, 1] });
  await cluster.people.finish();
  await cluster.settle(SETTLE_MS);
  const before = whatRuns(cluster);
  await cluster.seat.coordinator.stop();
  expect(await command(cluster, ['move'], { CLOUDLESS_STORE_URL: url })).toContain('counted and verified');
  const refused = await command(cluster, ['move'], { CLOUDLESS_STORE_URL: 'http://127.0.0.1:1' }).catch(
    (cause: { stderr: string }) => cause.stderr,
  );
  expect(refused.trim().split('\n')).toHaveLength(1);
  cluster.seat.coordinator.start({ CLOUDLESS_STORE_URL: url });
  await cluster.seat.untilReady();
  note({ settledMs: Math.round(await cluster.settle(SETTLE_MS)) });
  expect((await cluster.client.cluster.status()).store).toMatchObject({ kind: 'rqlite', nodes: [{ reachable: true }, {}, {}] });
  await expectUntouched(cluster, before);
  // A node of the database goes too, and writes go on at another.
  await double.killLeader();
  for (const workloadId of cluster.apps.slice(0, 1)) await cluster.client.workload.scale({ workloadId, replicas: 3 });
  await cluster.settle(SETTLE_MS);
});
