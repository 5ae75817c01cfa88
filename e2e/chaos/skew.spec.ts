import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { startCluster, type Cluster } from '../src/chaos/cluster.ts';
import { startDevice } from '../src/chaos/device.ts';
import { buildPreviousAgent } from '../src/chaos/previous-agent.ts';
import { untilEnded } from '../src/chaos/program.ts';
import { until, untilStays } from '../src/chaos/until.ts';
import { untilLogs } from '../src/chaos/until-logs.ts';

const WAIT_MS = 30_000;
const CALM_MS = 2000;

const runsWhole =
  ({ client }: Cluster, workloadId: string, generation: number) =>
  async (): Promise<string | undefined> => {
    const { status, spec, generation: now } = await client.workload.get({ workloadId });
    return now === generation && status.ready === spec.replicas && status.condition === 'running' ? undefined : status.cause.message;
  };

test('an agent of the protocol before joins, is given work and rules, and is kept through a restart of itself and of the coordinator', async () => {
  await using cluster = await startCluster({ seed: 91, devices: 1, apps: [1] });
  const { client, seat, token } = cluster;
  const root = await mkdtemp(join(tmpdir(), 'cloudless-skew-'));
  await using _folder = { [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) };
  const offer = await client.node.createJoinToken({ name: 'previous' });
  const agentFile = await buildPreviousAgent(join(root, 'previous-agent.mjs'));
  await using previous = await startDevice({ name: 'previous', seed: 92, root, coordinator: seat, joinToken: offer.token, agentFile });
  const find = async () => (await cluster.nodes()).find(({ name }) => name === previous.name);
  const untilOnline = () =>
    untilStays('it is online', { withinMs: WAIT_MS, calmMs: CALM_MS }, async () => {
      const node = await find();
      return node?.state.word === 'online' ? undefined : `it is ${node?.state.word ?? 'absent'}\n${previous.agent.tail()}`;
    });
  await untilOnline();

  const { id } = await client.workload.create({ metadata: { name: 'work' }, spec: { image: 'chaos/app:1', replicas: 4 } });
  await until('it runs', WAIT_MS, runsWhole(cluster, id, 1));
  const nodeId = (await find())?.id ?? '';
  const placed = async () => (await client.allocation.list({ workloadId: id })).rows.filter((row) => row.nodeId === nodeId);
  expect((await placed()).length).toBeGreaterThan(0);
  await untilLogs({ url: seat.url, token }, id, 4);

  await test.step('a rule that has more to say than it knows', async () => {
    await client.node.setLending({ nodeId, lending: { cpuMillicores: 4000, storageBytes: 50 * 2 ** 30 } });
    await untilOnline();
  });

  const { starts } = cluster.engines;
  const startsHere = previous.engine.starts;
  await test.step('it is killed, then the coordinator', async () => {
    const lives = previous.agent.endings.length;
    previous.agent.signal('SIGKILL');
    await untilEnded(previous.agent, lives, WAIT_MS);
    await untilOnline();
    seat.coordinator.signal('SIGKILL');
    await seat.untilReady();
    await untilOnline();
    await until('it runs', WAIT_MS, runsWhole(cluster, id, 1));
  });
  expect([cluster.engines.starts, previous.engine.starts]).toEqual([starts, startsHere]);

  await test.step('what it runs is stopped', async () => {
    await client.workload.delete({ workloadId: id });
    await until('nothing runs there', WAIT_MS, () => (previous.engine.containers.length === 0 ? undefined : 'something does'));
  });
  expect(previous.agent.tail()).not.toContain('message_malformed');
});
