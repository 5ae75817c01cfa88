import { assembleFleet } from './fleet/assemble.ts';
import { startCoordinator, type Client } from './fleet/coordinator.ts';
import { inParallel, type Fleet } from './fleet/fleet.ts';
import { monotonicMs } from './fleet/messages.ts';
import { figuresOf, type Measure, type Result } from './figures.ts';

const DEVICES = 5000;
const SUBMITS = 500;
const WARM_UP = 50;
const JOBS = 100;
const REPLICAS = 100;
const CLIENTS = 8;
const GOAL_P50_MS = 5;
const GOAL_P99_MS = 20;
const GOAL_PER_SECOND = 20_000;
const WAIT_MS = 120_000;
const TOLD_NOTE =
  'A submit is one HTTP call and one commit, of the app with its placement. With so many devices on one machine the coordinator and the process that plays them leave neither core idle, and both collect garbage over a gigabyte. By the profile (`node --cpu-prof`), what devices at rest take of the coordinator’s thread is mostly streams and system calls of TLS, and collecting garbage; most of what a device holds there is in the streams around the TLS of its two paths. What would reach it: one connection for each device, and links in threads of their own';
const BURST_NOTE =
  'One message for each device and plan, beside what the devices cost at rest. Of the rest about half is SQLite: eight entries of tables and indexes for each placement. A plan waits while the one before it is written, so that the two threads seldom work at once. What would reach it: links in threads of their own, and deciding the next plan while one is written';

/** B2: a person's submit until it is durable, and until the chosen device is told; and how many placements a second a burst gets. */
export async function measureSubmitToTold(devices = DEVICES): Promise<Result> {
  await using coordinator = await startCoordinator();
  await using assembled = await assembleFleet(coordinator, { devices, link: 'mobile', atOnce: 16 });
  const heard = listen(assembled.fleet);
  const single = await submitOneByOne(coordinator.client, heard);
  const burst = await submitBurst(coordinator.client, heard);
  return {
    id: 'B2',
    title: `Submit → durable → device told, ${devices.toLocaleString('en')} simulated devices`,
    method: `A coordinator process with SQLite (WAL, FULL), and a second process with ${devices} devices: light clients of the real protocol, each with a key and certificate of its own and both paths in mutual TLS over loopback sockets, beating as often as a phone is told: every 5 s. Twice that is more than the process of the devices can say on one core. One client submits ${SUBMITS} apps of one replica one after the other over HTTP (after ${WARM_UP} to warm up); the clock stops when the chosen device has read the message. Then ${CLIENTS} clients submit ${JOBS} apps of ${REPLICAS} replicas. All on one machine: the devices take as much of it as the coordinator.`,
    measures: [durableMeasure(single.durable), toldMeasure(single.told), ...burstMeasures(burst)],
    leftOut: ['the disk write of each agent', 'reports of devices: they start nothing', 'a network'],
  };
}

const durableMeasure = (raw: readonly number[]): Measure => {
  const figures = figuresOf(raw);
  return { name: 'submit → durable answer', unit: 'ms', value: figures.p50, figures, raw };
};

function toldMeasure(raw: readonly number[]): Measure {
  const figures = figuresOf(raw);
  const met = figures.p50 <= GOAL_P50_MS && figures.p99 <= GOAL_P99_MS;
  return {
    name: 'submit → device told',
    unit: 'ms',
    value: figures.p50,
    figures,
    raw,
    goal: `P50 ≤ ${GOAL_P50_MS}, P99 ≤ ${GOAL_P99_MS}`,
    met,
    note: TOLD_NOTE,
  };
}

type Burst = { readonly submittedMs: number; readonly toldMs: number; readonly committedMs: number };

function burstMeasures({ submittedMs, toldMs, committedMs }: Burst): Measure[] {
  const total = JOBS * REPLICAS;
  const perSecond = (total / committedMs) * 1000;
  return [
    {
      name: `${total.toLocaleString('en')} placements at once, committed`,
      unit: 'placements/s',
      value: perSecond,
      goal: `≥ ${GOAL_PER_SECOND.toLocaleString('en')}`,
      met: perSecond >= GOAL_PER_SECOND,
      note: `from the first placement's time to the last one's; the submits themselves took ${Math.round(submittedMs)} ms. ${BURST_NOTE}`,
    },
    { name: 'the same, from the first submit until the last device was told', unit: 'placements/s', value: (total / toldMs) * 1000 },
  ];
}

/** What devices were told, and when: how often for each app. */
type Heard = {
  /** Resolves with the time at which the app's replica number `count` was told. */
  untilTold(app: string, count: number): Promise<number>;
};

function listen(fleet: Fleet): Heard {
  const counts = new Map<string, number>();
  const waiting = new Map<string, { readonly count: number; readonly resolve: (at: number) => void }>();
  fleet.onTold((told) => {
    for (const { at, apps } of told)
      for (const app of apps) {
        const count = (counts.get(app) ?? 0) + 1;
        counts.set(app, count);
        const waiter = waiting.get(app);
        if (waiter?.count === count) waiter.resolve(at);
      }
  });
  return {
    async untilTold(app, count) {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      const timer = setTimeout(
        () => reject(new Error(`${app} was told ${counts.get(app) ?? 0} of ${count} times in ${WAIT_MS} ms`)),
        WAIT_MS,
      );
      waiting.set(app, { count, resolve });
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        waiting.delete(app);
      }
    },
  };
}

async function submitOneByOne(client: Client, heard: Heard): Promise<{ durable: number[]; told: number[] }> {
  const durable: number[] = [];
  const told: number[] = [];
  for (let turn = 0; turn < WARM_UP + SUBMITS; turn += 1) {
    const name = `single-${turn}`;
    const toldAt = heard.untilTold(name, 1);
    const startedAt = monotonicMs();
    await client.workload.create({ metadata: { name }, spec: { image: 'example/web:1' } });
    const durableAt = monotonicMs();
    const at = await toldAt;
    if (turn < WARM_UP) continue;
    durable.push(durableAt - startedAt);
    told.push(at - startedAt);
  }
  return { durable, told };
}

async function submitBurst(client: Client, heard: Heard): Promise<Burst> {
  const names = Array.from({ length: JOBS }, (_, index) => `burst-${index}`);
  const told = Promise.all(names.map((name) => heard.untilTold(name, REPLICAS)));
  const startedAt = monotonicMs();
  const ids: string[] = [];
  await inParallel(JOBS, CLIENTS, async (index) => {
    const made = await client.workload.create({
      metadata: { name: names[index] ?? '' },
      spec: { image: 'example/web:1', replicas: REPLICAS },
    });
    ids.push(made.id);
  });
  const submittedMs = monotonicMs() - startedAt;
  const toldMs = Math.max(...(await told)) - startedAt;
  const placedAt: number[] = [];
  for (const workloadId of ids)
    for (const { createdAt } of (await client.allocation.list({ workloadId, limit: 500 })).rows) placedAt.push(createdAt);
  if (placedAt.length !== JOBS * REPLICAS) throw new Error(`${placedAt.length} placements are stored, ${JOBS * REPLICAS} were asked for`);
  const [first, last] = placedAt.reduce(([low, high], at) => [Math.min(low, at), Math.max(high, at)], [Infinity, -Infinity]);
  return { submittedMs, toldMs, committedMs: last - first };
}
