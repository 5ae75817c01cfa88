import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from '@cloudless/sdk';
import { isTerminalPhase, WELCOME, type Allocation, type CloudlessNode, type EventKind, type WorkloadId } from '@cloudless/proto';
import { createLan, type Machine } from '@cloudless/tools/machines';
import { claimByApi, createToken, startProduct } from '@cloudless/tools/product';
import { figuresOf, type Measure } from './figures.ts';
import { until } from './until.ts';

const SAMPLES = 20;
const LOSS_MS = 60_000;
const LOSS = '0.2';
/** A cable stays out for so long after the replica has moved. */
const OUT_MS = 3000;
/** Of an app that is not to move when its device is away for a moment. */
const PATIENT = { lostAfterMs: 5000, reconcile: 'keepReplacement' } as const;
/** The least that an app may say: it stands two copies of itself, and moves when its device restarts its agent. */
const EAGER = { ...PATIENT, lostAfterMs: 1000 } as const;
const CUT_NOTE =
  'the app says `lostAfter: 1s`; a wired device that was punctual is called unreachable after 1.1 s without a beat, the last of which came up to 0.5 s before the cut';
const HEARD: ReadonlySet<CloudlessNode['state']['word']> = new Set(['online', 'degraded']);

type Client = ReturnType<typeof createClient>;
type Field = { readonly client: Client; readonly machines: readonly Machine[]; readonly app: WorkloadId; readonly url: string };

export const answers = (url: string, withinMs = 500): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(withinMs) }).then(
    (response) => response.ok,
    () => false,
  );

/** Machines of the devices whose replica is ready, and that are heard: what the coordinator last knew of one that is gone serves nobody. */
async function serving({ client, app, machines }: Field): Promise<readonly Machine[]> {
  const [{ rows: nodes }, { rows }] = await Promise.all([client.node.list({ limit: 10 }), client.allocation.list({ workloadId: app })]);
  const ready = new Set(rows.filter(({ desired, observed }) => desired === 'running' && observed.ready).map(({ nodeId }) => nodeId));
  const names = new Set(nodes.filter(({ id, state }) => ready.has(id) && HEARD.has(state.word)).map(({ name }) => name));
  return machines.filter(({ name }) => names.has(name));
}

const liveReplicas = async ({ client, app }: Field): Promise<readonly Allocation[]> =>
  (await client.allocation.list({ workloadId: app })).rows.filter(({ observed }) => !isTerminalPhase(observed.phase));

/** Both devices are there, and one replica runs and answers. @returns where */
const untilAtRest = (field: Field): Promise<Machine> =>
  until('both devices online and one replica', async () => {
    const { rows } = await field.client.node.list({ limit: 10 });
    const [holder, ...more] = await serving(field);
    const isCalm = rows.every(({ state }) => state.word === 'online') && more.length === 0 && (await liveReplicas(field)).length === 1;
    return holder && isCalm && (await answers(field.url)) ? holder : undefined;
  });

/** @returns ms from now until another device than `gone` serves */
async function untilReplaced(field: Field, gone: Machine): Promise<number> {
  const startedAt = performance.now();
  await until(`a replacement for the replica on ${gone.name}`, async () => {
    const isElsewhere = (await serving(field)).some(({ name }) => name !== gone.name);
    return isElsewhere && (await answers(field.url)) ? true : undefined;
  });
  return performance.now() - startedAt;
}

/** What systemd says on the machine: by it an agent tells a shutdown from being stopped. */
const systemSays = async ({ home }: Machine, word: 'running' | 'stopping'): Promise<void> => {
  await mkdir(join(home, 'sbin'), { recursive: true });
  await writeFile(join(home, 'sbin', 'systemctl'), `#!/bin/sh\necho ${word}\n`, { mode: 0o755 });
};
const stopAgent = (machine: Machine) => machine.run(['sh', '-c', 'kill -TERM "$(cat "$CLOUDLESS_DATA/agent/agent.pid")"']);
const pathOf = ({ home }: Machine) => ({ PATH: `${home}/sbin:/usr/bin:/bin:/usr/sbin:/sbin` });
const startAgent = (machine: Machine) => machine.run([machine.agent, 'install'], { env: pathOf(machine) });

async function shutDown(field: Field): Promise<number> {
  const gone = await untilAtRest(field);
  await systemSays(gone, 'stopping');
  const replaced = untilReplaced(field, gone);
  await stopAgent(gone);
  const tookMs = await replaced;
  await systemSays(gone, 'running');
  await startAgent(gone);
  return tookMs;
}

async function cutOff(field: Field): Promise<number> {
  const gone = await untilAtRest(field);
  await gone.link('down');
  const tookMs = await untilReplaced(field, gone);
  // Until its link is given up: of a cable that is back before, the next silence is borne for longer.
  await pause(OUT_MS);
  await gone.link('up');
  return tookMs;
}

type Killed = { readonly backMs: readonly number[]; readonly touched: number };

/** The agent's process is killed, and started again by its launcher; its container must not notice. */
async function killAgents(field: Field, samples: number): Promise<Killed> {
  const backMs: number[] = [];
  let touched = 0;
  for (let turn = 0; turn < samples; turn += 1) {
    const machine = await untilAtRest(field);
    const [before] = await liveReplicas(field);
    const startedAt = performance.now();
    await machine.signalAgent('SIGKILL');
    await until('its session ends', async () => (await serving(field)).length === 0 || !(await answers(field.url)));
    await startAgent(machine);
    await untilAtRest(field);
    backMs.push(performance.now() - startedAt);
    const [after] = await liveReplicas(field);
    if (after?.id !== before?.id || after?.observed.restarts !== before?.observed.restarts) touched += 1;
  }
  return { backMs, touched };
}

/** @returns how many replicas moved or were started again, and how often a device was doubted */
async function losePackets(field: Field, forMs: number): Promise<{ readonly moved: number; readonly doubted: number }> {
  const { client, machines } = field;
  await untilAtRest(field);
  const [newest] = (await client.event.list({ limit: 1 })).rows;
  const rule = (how: '-A' | '-D') =>
    machines.flatMap((machine) =>
      ['INPUT', 'OUTPUT'].map((chain) =>
        machine.run(['iptables', how, chain, '-m', 'statistic', '--mode', 'random', '--probability', LOSS, '-j', 'DROP']),
      ),
    );
  const set = await Promise.all(rule('-A'));
  for (const { exitCode, output } of set) if (exitCode !== 0) throw new Error(output);
  await pause(forMs);
  await Promise.all(rule('-D'));
  await untilAtRest(field);
  const since = async (...kinds: EventKind[]): Promise<number> =>
    (await client.event.list({ limit: 500, kinds })).rows.filter(({ revision }) => revision > (newest?.revision ?? 0)).length;
  return { moved: await since('allocation.placed', 'allocation.restarted'), doubted: await since('node.unreachable', 'node.lost') };
}

async function sample(count: number, take: () => Promise<number>): Promise<readonly number[]> {
  const taken: number[] = [];
  while (taken.length < count) taken.push(await take());
  return taken;
}

function timed(name: string, raw: readonly number[], goal: string, isMet: (figures: ReturnType<typeof figuresOf>) => boolean): Measure {
  const figures = figuresOf(raw);
  return { name, unit: 'ms', value: figures.p50, figures, raw, goal, met: isMet(figures) };
}

export const FAILOVER_METHOD = `Two machines in network namespaces with a dockerd each, joined by the dialog's own command, and one Welcome app with one replica; the clock ends when a replica on the other device is ready, its device heard from, and the app answers 200 through the gateway. Shut down: systemd is said to be stopping and the agent gets SIGTERM, as at a shutdown; its container is left, because nobody can reach it. Cut: the cable, without a word to either end, until 3 s after the replica has moved. Agent killed: SIGKILL to it and its launcher, then started again. Loss: that share of packets is dropped in each direction of both machines, ${LOSS_MS / 1000} s long. The app has its replica moved after 5 s of silence; when the cable is cut, after 1 s.`;

/** B3 but for the container: what ends or parts a device. */
export async function measureFailover(samples = SAMPLES): Promise<readonly Measure[]> {
  await using lan = await createLan();
  await using product = await startProduct({ flags: ['--host', '0.0.0.0', '--no-agent'] });
  const client = createClient({ url: product.url, token: await createToken(product, await claimByApi(product), 'write') });
  const machines = [await lan.addMachine('attic'), await lan.addMachine('cellar')];
  for (const machine of machines) {
    await systemSays(machine, 'running');
    const { command } = await client.node.createJoinToken({});
    const { exitCode, output } = await machine.run(['sh', '-c', command], { env: pathOf(machine) });
    if (exitCode !== 0) throw new Error(output);
  }
  const made = await client.workload.create({
    metadata: { ...WELCOME.metadata, name: 'bench' },
    spec: { ...WELCOME.spec, disconnect: PATIENT },
  });
  const field: Field = { client, machines, app: made.id, url: made.url ?? '' };

  const killed = await killAgents(field, samples);
  const off = await sample(samples, () => shutDown(field));
  await client.workload.update({ workloadId: made.id, spec: { ...made.spec, disconnect: EAGER } });
  const cut = await sample(samples, () => cutOff(field));
  await client.workload.update({ workloadId: made.id, spec: made.spec });
  // Last: a device that lost packets is allowed more silence for a minute.
  const lossMs = Math.min(LOSS_MS, samples * 3000);
  const lost = await losePackets(field, lossMs);
  await client.close();
  return [
    {
      name: `agent killed, ${samples} times: replicas that were started again or moved`,
      unit: 'replicas',
      value: killed.touched,
      goal: '0',
      met: killed.touched === 0,
      note: `until it served again ${Math.round(figuresOf(killed.backMs).p50)} ms P50, of which the start of the agent is most`,
    },
    timed('device shut down → served by another', off, '≤ 800', ({ p95 }) => p95 <= 800),
    {
      ...timed('link cut silently → served by another', cut, 'P50 ≤ 1,500, P95 ≤ 2,500', ({ p50, p95 }) => p50 <= 1500 && p95 <= 2500),
      note: CUT_NOTE,
    },
    {
      name: `20 % loss for ${lossMs / 1000} s: replicas that moved or were started again`,
      unit: 'replicas',
      value: lost.moved,
      goal: '0',
      met: lost.moved === 0,
      note: `devices were called unreachable ${lost.doubted} times`,
    },
  ];
}
