import type { Change } from '@cloudless/db';
import { acknowledged } from './checkers/acknowledged.ts';
import { createAvailability } from './checkers/availability.ts';
import type { Checker, View } from './checkers/checker.ts';
import { convergence } from './checkers/convergence.ts';
import { createDeliberate } from './checkers/deliberate.ts';
import { emptied } from './checkers/emptied.ts';
import { createExclusive } from './checkers/exclusive.ts';
import { createFencing, FENCING } from './checkers/fencing.ts';
import { limits } from './checkers/limits.ts';
import { linearizability } from './checkers/linearizability.ts';
import { oneContainer } from './checkers/one-container.ts';
import { oneLeader } from './checkers/one-leader.ts';
import { organisations } from './checkers/organisations.ts';
import { findLostState, findNewerWord, findOwnFault, KEPT_STATE, OWN_FAULTS, PROTOCOLS } from './checkers/own-faults.ts';
import { createReasons } from './checkers/reasons.ts';
import { createRestarts } from './checkers/restarts.ts';
import { room } from './checkers/room.ts';
import { slotLimit } from './checkers/slot-limit.ts';
import { createDraw } from './draw.ts';
import { SimulationFailed } from './failure.ts';
import type { Plant } from './plants.ts';
import { runSteps } from './steps.ts';
import { createWorld, joinAll, type World } from './world.ts';

export type RunOptions = {
  readonly seed: number;
  readonly devices: number;
  /** One alone, or several with a lease. */
  readonly coordinators: number;
  readonly plant?: Plant | undefined;
  /** Of the devices, so many belong to the second organisation. */
  readonly neighboursShare: number;
  /** Of the devices, so many have an agent of the protocol before. */
  readonly previousShare: number;
  /** The command that shows the same again. */
  readonly replay: string;
  /** Called with each event of the trace, as a line. */
  readonly onLine?: ((line: string) => void) | undefined;
};

/** One world, and the checkers that watch it. */
export interface Run {
  readonly world: World;
  readonly sinceStartMs: number;
  /** Starts the coordinator, has the devices join, and starts them. */
  begin(): Promise<void>;
  /** Lets time pass. @throws SimulationFailed */
  pass(ms: number): Promise<void>;
  /** Lets time pass until the world is at rest and was so for a minute; tells how long that took. @throws SimulationFailed when it takes longer than `limitMs` */
  converge(limitMs: number): Promise<number>;
  /** What is left to be judged when all is over. @throws SimulationFailed */
  judge(): void;
}

/** What has converged stays so for this long. */
const CALM_MS = 60_000;
const LOOK_AT_REST_EVERY_MS = 1000;
/** Checkers that count time are asked at least so often. */
const LOOK_EVERY_MS = 1000;

export async function createRun(options: RunOptions): Promise<Run> {
  let found: { readonly checker: string; readonly what: string } | undefined;
  const find = (checker: string, what: string | undefined): void => {
    if (what !== undefined) found ??= { checker, what };
  };
  const checkers: Checker[] = [];
  const fencing = createFencing();
  let commits = 0;
  let stores = 0;
  const world = await createWorld({
    ...options,
    onEvent(event, line) {
      options.onLine?.(line);
      find(OWN_FAULTS, findOwnFault(event));
      find(PROTOCOLS, findNewerWord(event));
      find(
        KEPT_STATE,
        findLostState(event, (name) => world.devices.find(({ identity }) => identity.name === name)?.disk.flipped ?? 0),
      );
    },
    onStore(store, token) {
      stores += 1;
      store.onCommit((batch) => {
        commits += 1;
        world.trace.note('store', { op: 'store.committed', revision: batch.revision, changes: batch.changes.map(describeChange) });
        find(FENCING, fencing.committed(token, batch.revision));
        for (const { name, onCommit } of checkers) find(name, onCommit?.(batch, store));
      });
    },
  });
  const { clock, seats, devices, history, faults, network, trace } = world;
  checkers.push(oneLeader, oneContainer, slotLimit, room, acknowledged, organisations, createDeliberate(), createRestarts());
  checkers.push(createExclusive(), createReasons(), createAvailability(), emptied, limits, convergence, linearizability);
  const startedAtMs = clock.bootMs();
  const sinceStartMs = (): number => clock.bootMs() - startedAtMs;
  let seenChanges = -1;
  let seenAtMs = 0;

  const view = (): View => ({
    devices,
    history,
    store: seats.running?.store,
    newestStore: seats.newest?.store,
    leaders: seats.all.flatMap(({ name, running }) =>
      running?.lease ? [{ name, token: running.token, holds: running.lease.state().kind === 'held' }] : [],
    ),
    stopped: devices.flatMap((device) => device.engine.takeStopped().map((stopped) => ({ ...stopped, device }))),
    isExplained: (workloadId, slot) =>
      options.plant !== 'tells-no-reason' && (seats.running?.plane.unplacedOf(workloadId).some((one) => one.slot === slot) ?? false),
    nowMs: clock.bootMs(),
    wallMs: clock.now(),
    calmMs: clock.bootMs() - faults.shakenAtMs,
    waiting: { timers: clock.pending, linksOf: ({ identity }) => network.linksOf(identity.nodeId) },
  });
  const failed = (checker: string, what: string): SimulationFailed =>
    new SimulationFailed(checker, what, {
      where: `seed ${options.seed}, ${sinceStartMs()} virtual ms`,
      tail: trace.tail,
      replay: options.replay,
    });

  /** Everything that a checker may look at has a count that grows when it changes. */
  const countChanges = (): number => devices.reduce((sum, { engine }) => sum + engine.changes, history.changes + commits + stores);

  function look(): void {
    const changes = countChanges();
    if (changes !== seenChanges || clock.bootMs() - seenAtMs >= LOOK_EVERY_MS) {
      seenChanges = changes;
      seenAtMs = clock.bootMs();
      if (!seats.running || devices.some(({ isUp }) => !isUp)) faults.shake();
      const seen = view();
      for (const checker of checkers) find(checker.name, checker.look?.(seen));
    }
    if (found) throw failed(found.checker, found.what);
  }

  /** Moves time from timer to timer, and lets each be worked off before the next. */
  async function pass(ms: number): Promise<void> {
    const untilMs = clock.bootMs() + ms;
    await runSteps(() => {
      look();
      return clock.step(untilMs);
    });
    look();
  }

  function faultAtRest(): { readonly name: string; readonly what: string } | undefined {
    const seen = view();
    for (const { name, atRest } of checkers) {
      const what = atRest?.(seen);
      if (what !== undefined) return { name, what };
    }
    return undefined;
  }

  return {
    world,
    get sinceStartMs() {
      return sinceStartMs();
    },
    async begin() {
      seats.startAll();
      while (!seats.running) await pass(LOOK_AT_REST_EVERY_MS);
      const joined = joinAll(world, seats.running.store, createDraw(options.seed, 'joining'), options.neighboursShare);
      await pass(LOOK_AT_REST_EVERY_MS);
      await joined;
      for (const device of devices) device.start();
    },
    pass,
    async converge(limitMs) {
      const beganAtMs = sinceStartMs();
      let calmSinceMs: number | undefined;
      for (;;) {
        const fault = faultAtRest();
        calmSinceMs = fault ? undefined : (calmSinceMs ?? sinceStartMs());
        if (calmSinceMs !== undefined && sinceStartMs() - calmSinceMs >= CALM_MS) return calmSinceMs - beganAtMs;
        if (fault && sinceStartMs() - beganAtMs > limitMs) throw failed(fault.name, fault.what);
        await pass(LOOK_AT_REST_EVERY_MS);
      }
    },
    judge() {
      const seen = view();
      for (const { name, atEnd } of checkers) {
        const what = atEnd?.(seen);
        if (what !== undefined) throw failed(name, what);
      }
    },
  };
}

function describeChange(change: Change): string {
  if (change.kind === 'event') return `event ${change.event.kind}`;
  const row = change.kind === 'put' ? change.row : change.before;
  return 'observed' in row
    ? `${change.kind} ${row.id} slot ${row.slot} ${row.desired} ${row.observed.phase}`
    : `${change.kind} ${row.id} ${row.name}`;
}
