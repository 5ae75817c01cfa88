import { createDraw } from './draw.ts';
import type { FaultKind } from './faults/faults.ts';
import type { Plant } from './plants.ts';
import { createRun } from './run.ts';

export type SimulationOptions = {
  readonly seed: number;
  /** Virtual minutes in which things go wrong; drawn when absent. */
  readonly length?: number | undefined;
  /** Drawn when absent. */
  readonly devices?: number | undefined;
  /** Drawn when absent. */
  readonly coordinators?: number | undefined;
  readonly plant?: Plant | undefined;
  /** Called with each event of the trace, as a line. */
  readonly onLine?: ((line: string) => void) | undefined;
};

export type SimulationResult = {
  /** SHA-256 of the whole trace. */
  readonly hash: string;
  readonly events: number;
  readonly faults: ReadonlyMap<FaultKind, number>;
  readonly acknowledged: number;
  readonly reads: number;
  readonly virtualMs: number;
  /** From the last fault to a world at rest. */
  readonly convergedInMs: number;
};

const MINUTE_MS = 60_000;
/** Back-off of a slot reaches five minutes, and a device that was silent is lost after one. */
const CONVERGENCE_LIMIT_MS = 15 * MINUTE_MS;

const NEIGHBOURS_SHARE = 0.25;
const PREVIOUS_SHARE = 0.2;

function describeReplay({ seed, length, devices, coordinators, plant }: SimulationOptions): string {
  const chosen = [
    length && `--length ${length}`,
    devices && `--devices ${devices}`,
    coordinators && `--coordinators ${coordinators}`,
    plant && `--plant ${plant}`,
  ].filter(Boolean);
  return ['npm run sim --', `--seed ${seed}`, ...chosen].join(' ');
}

/**
 * One world from one seed: people and faults for a while, then everything heals and has to come to rest within 15 virtual minutes.
 * @throws SimulationFailed with the name of the checker and the command to replay it
 */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const size = createDraw(options.seed, 'size');
  const [length, devices, coordinators] = [size.pick([5, 10, 20, 30]), size.pick([1, 2, 3, 4, 6]), size.pick([1, 1, 2, 3])];
  const { seed, plant, onLine } = options;
  const run = await createRun({
    seed,
    devices: options.devices ?? devices,
    coordinators: options.coordinators ?? coordinators,
    neighboursShare: NEIGHBOURS_SHARE,
    previousShare: PREVIOUS_SHARE,
    plant,
    onLine,
    replay: describeReplay(options),
  });
  const { people, faults, trace, seats, history, end } = run.world;
  try {
    await run.begin();
    people.start();
    faults.start();
    await run.pass((options.length ?? length) * MINUTE_MS);
    people.stop();
    faults.heal();
    trace.note('fault', { op: 'healed' });
    const convergedInMs = await run.converge(CONVERGENCE_LIMIT_MS);
    // All that is left is what the disk holds.
    faults.shake();
    for (const seat of seats.all) seat.crash('reset', 0);
    await run.converge(CONVERGENCE_LIMIT_MS);
    run.judge();
    const { hash, count: events } = trace;
    const { acknowledged, reads } = history;
    return { hash, events, faults: faults.counts, acknowledged, reads, virtualMs: run.sinceStartMs, convergedInMs };
  } finally {
    await end();
  }
}
