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
  /** The same until streams reach it. */
  readonly reachable: readonly number[];
  readonly startMs: number;
  readonly askedBack: number;
  /** Times of requests of a person meanwhile, ms. */
  readonly answers: readonly number[];
};

/** Collects one value of each device. */
function createRoll<T>(devices: number, what: string) {
  const seen = new Map<number, T>();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error(`${seen.size} of ${devices} devices ${what} within ${WAIT_MS} ms`)), WAIT_MS);
  return {
    note(index: number, value: T): void {
      seen.set(index, value);
      if (seen.size === devices) resolve();
    },
    /** Resolves when each was noted. */
    whole: promise.then(() => [...seen.values()]).finally(() => clearTimeout(timer)),
  };
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
  const back = createRoll<{ readonly at: number; readonly how: Return }>(devices, 'came back');
  const reachable = createRoll<number>(devices, 'could be reached by streams');
  fleet.onOnline((index, at, how) => back.note(index, { at, how }));
  fleet.onReachable((index, at) => reachable.note(index, at - readyAt));
  const answers = await askMeanwhile(coordinator.url, Promise.all([back.whole, reachable.whole]));
  const online = await back.whole;
  return {
    back: online.map(({ at }) => at - readyAt),
    reachable: await reachable.whole,
    startMs: readyAt - spawnedAt,
    askedBack: online.reduce((sum, { how }) => sum + how.askedBack, 0),
    answers,
  };
}

function measuresOf(outage: string, { back, reachable, startMs, askedBack, answers }: Returned): Measure[] {
  const [figures, reached, asked] = [figuresOf(back), figuresOf(reachable), figuresOf(answers)];
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
    {
      name: `${outage}: listening → streams reach the last device`,
      unit: 'ms',
      value: reached.max,
      figures: reached,
      raw: reachable,
      note: 'where no stream asked for the second path sooner: one that does gets it at once',
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
    method: `A coordinator process with SQLite and a second process with ${devices} devices: light clients of the real protocol, both paths in mutual TLS over loopback sockets, which dial again by the rule of real agents. The coordinator is killed, stays away, and is started on its data and port; the clock runs from when it says that it listens until a device has been told all that it should hold, which takes its control path; the other, for logs and files and apps, comes when few are at the door. A request of a person is one to \`/healthz\`, one after the other.`,
    measures,
    leftOut: ['networks between them', 'a device whose connection is only half closed: loopback tells every device at once'],
  };
}
