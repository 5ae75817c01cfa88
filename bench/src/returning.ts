import { setTimeout as pause } from 'node:timers/promises';
import { assembleFleet } from './fleet/assemble.ts';
import { startCoordinator, type Coordinator } from './fleet/coordinator.ts';
import type { Fleet } from './fleet/fleet.ts';
import type { Return } from './fleet/light-device.ts';
import { monotonicMs } from './fleet/messages.ts';
import { figuresOf, type Measure, type Result, type Size } from './figures.ts';

const DEVICES = 1000;
const LONG_OUTAGE_S = 15 * 60;
const AT_ONCE = 48;
const SETTLE_MS = 5000;
const GOAL_MS = 3000;
const WAIT_MS = 60_000;
/** A person's request while they come back, this often. */
const ASK_EVERY_MS = 50;

type Returned = {
  /** Of each device, ms from when the coordinator listened until it was told all that it should hold. */
  readonly back: readonly number[];
  readonly startMs: number;
  readonly askedBack: number;
  /** Times of requests of a person meanwhile, ms. */
  readonly answers: readonly number[];
};

/** @returns the times at which all devices came online from now on */
async function untilAllOnline(fleet: Fleet, devices: number): Promise<ReadonlyMap<number, { readonly at: number; readonly how: Return }>> {
  const online = new Map<number, { readonly at: number; readonly how: Return }>();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  fleet.onOnline((index, at, how) => {
    online.set(index, { at, how });
    if (online.size === devices) resolve();
  });
  const timer = setTimeout(() => reject(new Error(`${online.size} of ${devices} devices came back within ${WAIT_MS} ms`)), WAIT_MS);
  return promise.then(() => online).finally(() => clearTimeout(timer));
}

async function askMeanwhile(url: string, until: Promise<unknown>): Promise<readonly number[]> {
  const answers: number[] = [];
  let isOver = false;
  const over = (): void => void (isOver = true);
  void until.then(over, over);
  while (!isOver) {
    const askedAt = monotonicMs();
    await fetch(`${url}/healthz`).then((answer) => answer.arrayBuffer());
    answers.push(monotonicMs() - askedAt);
    await pause(ASK_EVERY_MS);
  }
  return answers;
}

async function restart(coordinator: Coordinator, fleet: Fleet, devices: number, outageMs: number): Promise<Returned> {
  await coordinator.end('SIGKILL');
  await pause(outageMs);
  const spawnedAt = monotonicMs();
  await coordinator.start();
  const readyAt = monotonicMs();
  const all = untilAllOnline(fleet, devices);
  const answers = await askMeanwhile(coordinator.url, all);
  const online = [...(await all).values()];
  return {
    back: online.map(({ at }) => at - readyAt),
    startMs: readyAt - spawnedAt,
    askedBack: online.reduce((sum, { how }) => sum + how.askedBack, 0),
    answers,
  };
}

function measuresOf(outage: string, { back, startMs, askedBack, answers }: Returned): Measure[] {
  const [figures, asked] = [figuresOf(back), figuresOf(answers)];
  const note = `the start itself takes ${Math.round(startMs)} ms before that. ${askedBack} dials were asked to come back later`;
  return [
    {
      name: `${outage}: listening → the last device is back`,
      unit: 'ms',
      value: figures.max,
      figures,
      raw: back,
      goal: `≤ ${GOAL_MS.toLocaleString('en')}`,
      met: figures.max <= GOAL_MS,
      note,
    },
    { name: `${outage}: a request of a person meanwhile`, unit: 'ms', value: asked.p95, figures: asked, raw: answers },
  ];
}

/** B7, second half: the coordinator comes back after an outage, and so do all devices. */
export async function measureReturning({ devices = DEVICES, outageS = LONG_OUTAGE_S }: Size): Promise<Result> {
  await using coordinator = await startCoordinator();
  await using assembled = await assembleFleet(coordinator, { devices, link: 'wifi', atOnce: AT_ONCE });
  await pause(SETTLE_MS);
  const measures: Measure[] = [];
  for (const seconds of [0, outageS]) {
    const returned = await restart(coordinator, assembled.fleet, devices, seconds * 1000);
    measures.push(...measuresOf(seconds === 0 ? 'restarted at once' : `away for ${seconds} s`, returned));
    await pause(SETTLE_MS);
  }
  return {
    id: 'returning',
    title: `Coordinator back after an outage, ${devices.toLocaleString('en')} simulated devices`,
    method: `A coordinator process with SQLite and a second process with ${devices} devices: light clients of the real protocol, both paths in mutual TLS over loopback sockets, which dial again by the rule of real agents. The coordinator is killed, stays away, and is started on its data and port; the clock runs from when it says that it listens until a device has been told all that it should hold. A request of a person is one to \`/healthz\`, one after the other.`,
    measures,
    leftOut: ['networks between them', 'a device whose connection is only half closed: loopback tells every device at once'],
  };
}
