import type { Clock } from '@cloudless/kernel';
import { SimulationFailed } from './failure.ts';
import type { FaultKind } from './faults/faults.ts';
import type { SimulationResult } from './simulate.ts';

export type Explored = {
  readonly seeds: number;
  readonly failed: readonly number[];
  readonly faults: ReadonlyMap<FaultKind, number>;
  /** Of the seeds that held. */
  readonly virtualMs: number;
  readonly realMs: number;
};

export type ExploreOptions = {
  readonly first: number;
  /** Ends after so many seeds, or when the real time is over, whichever is first. A seed that was begun is ended. */
  readonly seeds: number;
  readonly untilMs: number;
  readonly clock: Pick<Clock, 'bootMs'>;
  /** @throws SimulationFailed */
  readonly simulate: (seed: number) => Promise<SimulationResult>;
  readonly onSeed: (seed: number, result: SimulationResult) => void;
  readonly onFailure: (failure: SimulationFailed) => void;
};

/** After so many seeds that failed there is enough to look at. */
const MOST_FAILURES = 10;

/** World after world. One that fails does not end it, so that a night's run tells all that it found. */
export async function explore({ first, seeds, untilMs, clock, simulate, onSeed, onFailure }: ExploreOptions): Promise<Explored> {
  const startedAtMs = clock.bootMs();
  const faults = new Map<FaultKind, number>();
  const failed: number[] = [];
  let virtualMs = 0;
  let count = 0;
  while (count < seeds && failed.length < MOST_FAILURES && (count === 0 || clock.bootMs() < untilMs)) {
    const seed = first + count;
    count += 1;
    try {
      const result = await simulate(seed);
      virtualMs += result.virtualMs;
      for (const [kind, struck] of result.faults) faults.set(kind, (faults.get(kind) ?? 0) + struck);
      onSeed(seed, result);
    } catch (cause) {
      if (!(cause instanceof SimulationFailed)) throw cause;
      failed.push(seed);
      onFailure(cause);
    }
  }
  return { seeds: count, failed, faults, virtualMs, realMs: clock.bootMs() - startedAtMs };
}
