import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from '@cloudless/sdk';
import { WELCOME, type WorkloadId } from '@cloudless/proto';
import { claimByApi, createToken, killContainer, listContainers, startProduct } from '@cloudless/tools/product';
import { answers, FAILOVER_METHOD, measureFailover } from './failover.ts';
import { figuresOf, type Measure, type Result, type Size } from './figures.ts';
import { until } from './until.ts';

const KILLS = 20;
const GOAL_MS = 400;
const WAIT_MS = 20_000;
const KILLED_NOTE =
  'by the times of its events about 8 ms of it are ours. The rest is the engine, which ends and starts a container and takes about 85 ms to publish its port, and the server in the app, which waits 50 ms before it listens. What would reach it: an app that listens at once';

/** B3: what may end, until its app answers again through its URL. */
export async function measureFailures({ samples }: Size): Promise<Result> {
  const killed = await measureContainerKilled(samples ?? KILLS);
  return {
    id: 'B3',
    title: 'Failover to a running replica',
    method: `Container killed: \`docker kill -s KILL\` of the only replica, ${KILLS} times; ends when the restart is reported and the app answers 200 through the gateway; includes the kill command itself. ${FAILOVER_METHOD}`,
    measures: [killed, ...(await measureFailover(samples))],
    leftOut: ['a network with delay between device and coordinator'],
  };
}

async function measureContainerKilled(kills: number): Promise<Measure> {
  await using product = await startProduct();
  const client = createClient({ url: product.url, token: await createToken(product, await claimByApi(product), 'write') });
  const made = await client.workload.create({
    metadata: { ...WELCOME.metadata, name: 'bench' },
    spec: { ...WELCOME.spec, restartPolicy: { policy: 'always', maxRetries: 100, backoffMs: 0 } },
  });
  await untilServes(made.url ?? '');
  const samples: number[] = [];
  for (let turn = 0; turn < kills; turn += 1) {
    const container = await ownContainer(made.id);
    const killedAt = performance.now();
    await killContainer(container);
    await untilRestarted(client, made.id, turn + 1);
    await untilServes(made.url ?? '');
    samples.push(performance.now() - killedAt);
    await pause(500);
  }
  const figures = figuresOf(samples);
  return {
    name: 'container killed → serving',
    unit: 'ms',
    value: figures.p50,
    figures,
    raw: samples,
    goal: `≤ ${GOAL_MS}`,
    met: figures.p50 <= GOAL_MS,
    note: KILLED_NOTE,
  };
}

async function ownContainer(workloadId: WorkloadId): Promise<string> {
  const found = (await listContainers()).find((container) => container.workload === workloadId && container.running);
  if (!found) throw new Error('the app has no running container');
  return found.id;
}

async function untilRestarted(client: ReturnType<typeof createClient>, workloadId: WorkloadId, restarts: number): Promise<void> {
  await until(
    `restart ${restarts} is reported`,
    async () => {
      const { rows } = await client.allocation.list({ workloadId });
      return rows.some((row) => row.observed.restarts >= restarts && row.observed.ready);
    },
    { withinMs: WAIT_MS, everyMs: 5 },
  );
}

async function untilServes(url: string): Promise<void> {
  await until(`${url} answers`, () => answers(url, 2000), { everyMs: 5 });
}
