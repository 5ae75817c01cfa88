import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from '@cloudless/sdk';
import { claimByApi, createToken, startProduct } from '@cloudless/tools/product';
import { figuresOf, type Measure, type Result } from './figures.ts';
import { startSimulatedAgents } from './simulated-agents.ts';

const AGENTS = 100;
const SUBMITS = 200;
const WARM_UP = 20;
const GOAL_P50_MS = 5;
const GOAL_P99_MS = 20;
const WAIT_MS = 60_000;

type Client = ReturnType<typeof createClient>;

/** B2 at 100 simulated agents: a person's submit until it is durable, and until the chosen device's agent acts on it. */
export async function measureSubmitToTold(): Promise<Result> {
  await using product = await startProduct({ flags: ['--no-agent'] });
  const client = createClient({ url: product.url, token: await createToken(product, await claimByApi(product), 'write') });
  await using agents = await startSimulatedAgents(`ws://127.0.0.1:${product.port}/agent`, AGENTS, async (name) => {
    const { token } = await client.node.createJoinToken({ name });
    return token;
  });
  await untilOnline(client);
  const waiting = new Map<string, (at: number) => void>();
  agents.onCreate = ({ workloadName }) => waiting.get(workloadName)?.(performance.now());

  const durable: number[] = [];
  const told: number[] = [];
  for (let turn = 0; turn < WARM_UP + SUBMITS; turn += 1) {
    const name = `bench-${turn}`;
    const toldAt = new Promise<number>((resolve) => waiting.set(name, resolve));
    const startedAt = performance.now();
    await client.workload.create({ metadata: { name }, spec: { image: 'example/web:1' } });
    const durableAt = performance.now();
    const at = await withLimit(toldAt, name);
    if (turn >= WARM_UP) {
      durable.push(durableAt - startedAt);
      told.push(at - startedAt);
    }
    waiting.delete(name);
  }
  const figures = figuresOf(told);
  const toldMeasure: Measure = {
    name: 'submit → agent acts',
    unit: 'ms',
    value: figures.p50,
    figures,
    raw: told,
    goal: `P50 ≤ ${GOAL_P50_MS}, P99 ≤ ${GOAL_P99_MS}`,
    met: figures.p50 <= GOAL_P50_MS && figures.p99 <= GOAL_P99_MS,
  };
  return {
    id: 'B2',
    title: `Submit → durable → agent told, ${AGENTS} simulated agents`,
    method: `One client submits ${SUBMITS} apps of one replica one after the other (after ${WARM_UP} to warm up) over HTTP to a coordinator process with SQLite (WAL, FULL). ${AGENTS} real agents with mutual TLS sessions and engines in memory share a second process with the client. The clock stops when the chosen device's engine is asked for the container: its agent has been told and has made that durable in memory.`,
    measures: [
      { name: 'submit → durable answer', unit: 'ms', value: figuresOf(durable).p50, figures: figuresOf(durable), raw: durable },
      toldMeasure,
    ],
    leftOut: ['5,000 agents', 'placements a second', 'the disk write of each agent'],
  };
}

async function untilOnline(client: Client): Promise<void> {
  const giveUpAt = performance.now() + WAIT_MS;
  while (performance.now() < giveUpAt) {
    const { rows } = await client.node.list({ limit: 500 });
    if (rows.filter((row) => row.state.word === 'online').length >= AGENTS) return;
    await pause(100);
  }
  throw new Error(`${AGENTS} agents were not online within ${WAIT_MS} ms`);
}

async function withLimit(told: Promise<number>, name: string): Promise<number> {
  using timer = createTimer(WAIT_MS, `${name} reached no agent within ${WAIT_MS} ms`);
  return Promise.race([told, timer.fired]);
}

function createTimer(ms: number, message: string): Disposable & { readonly fired: Promise<never> } {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(message)), ms);
  return { fired: promise, [Symbol.dispose]: () => clearTimeout(timer) };
}
