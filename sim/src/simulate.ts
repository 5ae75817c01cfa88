import type { Change } from '@cloudless/db';
import { acknowledged } from './checkers/acknowledged.ts';
import type { Checker, View } from './checkers/checker.ts';
import { convergence } from './checkers/convergence.ts';
import { oneContainer } from './checkers/one-container.ts';
import { findOwnFault, OWN_FAULTS } from './checkers/own-faults.ts';
import { createRoom } from './checkers/room.ts';
import { slotLimit } from './checkers/slot-limit.ts';
import type { Plant } from './plants.ts';
import { untilQuiet } from './quiet.ts';
import { createWorld, joinAll, type World } from './world.ts';

export type SimulationOptions = {
  readonly seed: number;
  /** Virtual minutes in which things go wrong. */
  readonly minutes: number;
  readonly agents: number;
  readonly plant?: Plant;
  /** Called with each event of the trace, as a line. */
  readonly onLine?: (line: string) => void;
};

export type SimulationResult = {
  /** SHA-256 of the whole trace. */
  readonly hash: string;
  readonly events: number;
  readonly faults: number;
  readonly acknowledged: number;
  readonly virtualMs: number;
  /** From the last fault to a world at rest. */
  readonly convergedInMs: number;
};

const MINUTE_MS = 60_000;
/** Back-off of a slot reaches five minutes, and a device that was silent is lost after one. */
const CONVERGENCE_LIMIT_MS = 15 * MINUTE_MS;
/** What has converged stays so for this long. */
const CALM_MS = MINUTE_MS;
const LOOK_AT_REST_EVERY_MS = 1000;

/** A checker found something. Says all that is needed to see it again. */
export class SimulationFailed extends Error {
  readonly checker: string;
  constructor({ seed, minutes, agents, plant }: SimulationOptions, checker: string, what: string, atMs: number, tail: readonly string[]) {
    const replay = `npm run sim -- --seed ${seed} --minutes ${minutes} --agents ${agents}${plant ? ` --plant ${plant}` : ''}`;
    super(
      [
        `seed ${seed}, ${atMs} virtual ms: ${checker}: ${what}`,
        'The last events:',
        ...tail.map((line) => `  ${line}`),
        `Replay: ${replay}`,
      ].join('\n'),
    );
    this.name = 'SimulationFailed';
    this.checker = checker;
  }
}

/**
 * One world from one seed: people and faults for `minutes`, then everything heals and has to come to rest within 15 virtual minutes.
 * @throws SimulationFailed with the name of the checker and the command to replay it
 */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  let found: { readonly checker: string; readonly what: string } | undefined;
  const find = (checker: string, what: string | undefined): void => {
    if (what !== undefined) found ??= { checker, what };
  };
  const checkers: Checker[] = [];
  const world = await createWorld({
    ...options,
    onEvent(event, line) {
      options.onLine?.(line);
      find(OWN_FAULTS, findOwnFault(event));
    },
    onStore: (store) =>
      void store.onCommit((batch) => {
        world.trace.note('store', { op: 'store.committed', revision: batch.revision, changes: batch.changes.map(describeChange) });
        for (const { name, onCommit } of checkers) find(name, onCommit?.(batch, store));
      }),
  });
  checkers.push(oneContainer, slotLimit, createRoom(world.clock), acknowledged, convergence);
  const startedAtMs = world.clock.bootMs();
  const sinceStartMs = (): number => world.clock.bootMs() - startedAtMs;
  const view = (): View => viewOf(world);

  function look(): void {
    for (const checker of checkers) find(checker.name, checker.look?.(view()));
    if (found) throw new SimulationFailed(options, found.checker, found.what, sinceStartMs(), world.trace.tail);
  }

  /** Moves time from timer to timer, and lets each be worked off before the next. */
  async function run(ms: number): Promise<void> {
    const untilMs = world.clock.bootMs() + ms;
    for (;;) {
      const nextMs = Math.min(untilMs, world.clock.nextAtMs() ?? untilMs);
      await world.clock.advance(nextMs - world.clock.bootMs());
      await untilQuiet();
      look();
      if (nextMs >= untilMs) return;
    }
  }

  const faultAtRest = (): { readonly name: string; readonly what: string } | undefined => {
    for (const { name, atRest } of checkers) {
      const what = atRest?.(view());
      if (what !== undefined) return { name, what };
    }
    return undefined;
  };

  async function converge(): Promise<number> {
    const healedAtMs = sinceStartMs();
    let calmSinceMs: number | undefined;
    for (;;) {
      const fault = faultAtRest();
      calmSinceMs = fault ? undefined : (calmSinceMs ?? sinceStartMs());
      if (calmSinceMs !== undefined && sinceStartMs() - calmSinceMs >= CALM_MS) return calmSinceMs - healedAtMs;
      if (fault && sinceStartMs() - healedAtMs > CONVERGENCE_LIMIT_MS)
        throw new SimulationFailed(options, fault.name, fault.what, sinceStartMs(), world.trace.tail);
      await run(LOOK_AT_REST_EVERY_MS);
    }
  }

  try {
    world.seat.start();
    while (!world.seat.running) await run(LOOK_AT_REST_EVERY_MS);
    const joined = joinAll(world, world.seat.running.store);
    await run(LOOK_AT_REST_EVERY_MS);
    await joined;
    for (const device of world.devices) device.start();
    world.clients.start();
    world.faults.start();
    await run(options.minutes * MINUTE_MS);
    world.clients.stop();
    world.faults.heal();
    world.trace.note('fault', { op: 'healed' });
    const convergedInMs = await converge();
    // All that is left is what the disk holds.
    world.seat.crash('reset', 0);
    await converge();
    const { hash, count: events } = world.trace;
    const { count: faults } = world.faults;
    return { hash, events, faults, acknowledged: world.history.acknowledged, virtualMs: sinceStartMs(), convergedInMs };
  } finally {
    await world.end();
  }
}

function describeChange(change: Change): string {
  if (change.kind === 'event') return `event ${change.event.kind}`;
  const row = change.kind === 'put' ? change.row : change.before;
  return 'observed' in row
    ? `${change.kind} ${row.id} slot ${row.slot} ${row.desired} ${row.observed.phase}`
    : `${change.kind} ${row.id} ${row.name}`;
}

function viewOf({ devices, history, seat }: World): View {
  const { running } = seat;
  return {
    devices,
    history,
    store: running?.store,
    isExplained: (workloadId, slot) => running?.plane.unplacedOf(workloadId).some((one) => one.slot === slot) ?? false,
  };
}
