import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '@cloudless/sdk';
import { createLan, type Machine } from '@cloudless/tools/machines';
import { claimByApi, createToken, startProduct } from '@cloudless/tools/product';
import { figuresOf, type Measure, type Result } from './figures.ts';
import { until } from './until.ts';

const MACHINES = 5;
const CUTS = 10;
const GOAL_GREEN_MS = 60_000;
const GOAL_RECONNECT_MS = 1_000;
const PATIENCE = { withinMs: 120_000 };

type Client = ReturnType<typeof createClient>;

const isOnline = async (client: Client, name: string): Promise<boolean> =>
  (await client.node.list({ limit: 500 })).rows.some((node) => node.name === name && node.state.word === 'online');

async function joinOne(client: Client, machine: Machine): Promise<number> {
  const { command } = await client.node.createJoinToken({});
  const startedAt = performance.now();
  const ran = await machine.run(['sh', '-c', command]);
  if (ran.exitCode !== 0) throw new Error(ran.output);
  await until(`${machine.name} online`, () => isOnline(client, machine.name), PATIENCE);
  return performance.now() - startedAt;
}

async function cutAndMend(client: Client, machine: Machine): Promise<number> {
  await machine.link('down');
  await until('the cut is noticed', async () => !(await isOnline(client, machine.name)), PATIENCE);
  const startedAt = performance.now();
  await machine.link('up');
  await until('the device is back', () => isOnline(client, machine.name), PATIENCE);
  return performance.now() - startedAt;
}

const timed = (name: string, raw: readonly number[], goal: string, limitMs: number): Measure => {
  const figures = figuresOf(raw);
  return { name, unit: 'ms', value: figures.p50, figures, raw: [...raw], goal, met: figures.p99 <= limitMs };
};

/** Devices that join: real machines by the dialog's command, and a cable that is cut. Many simulated ones at once are B4's. */
export async function measureJoining(): Promise<Result> {
  const green: number[] = [];
  const reconnect: number[] = [];
  let agentBytes = 0;
  let nodeBytes = 0;
  {
    await using lan = await createLan();
    await using product = await startProduct({ flags: ['--host', '0.0.0.0'] });
    const client = createClient({ url: product.url, token: await createToken(product, await claimByApi(product), 'write') });
    for (let index = 0; index < MACHINES; index += 1) {
      await using machine = await lan.addMachine(`machine-${index}`);
      green.push(await joinOne(client, machine));
      if (index === 0) for (let cut = 0; cut < CUTS; cut += 1) reconnect.push(await cutAndMend(client, machine));
      agentBytes = (await stat(join(machine.home, 'data', 'agent', 'bin', 'current'))).size;
      nodeBytes = (await stat(join(product.dataFolder, 'coordinator', 'files', `node-${process.versions.node}-linux-x64.gz`))).size;
    }
  }
  return {
    id: 'joining',
    title: 'Joining and coming back',
    method: `Machines are network namespaces with a dockerd each, an empty home and no checkout. The dialog's own command runs on ${MACHINES} of them one after the other, until the coordinator says online: it fetches the agent and Node.js from the coordinator on the same host, checks both, joins, and starts the agent. Then the cable of the first is cut ${CUTS} times until it is missed, and mended; the clock runs from then to online, as REST tells.`,
    measures: [
      timed('command → green', green, '< 60,000', GOAL_GREEN_MS),
      timed('cable mended → online', reconnect, '≤ 1,000', GOAL_RECONNECT_MS),
      { name: 'agent, one file', unit: 'MiB', value: agentBytes / 2 ** 20 },
      { name: 'Node.js as it is sent', unit: 'MiB', value: nodeBytes / 2 ** 20 },
    ],
    leftOut: ['download over a real network', 'a machine that has to fetch an image from a registry'],
  };
}
