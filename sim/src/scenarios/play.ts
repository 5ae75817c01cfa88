import type { Plant } from '../plants.ts';
import { createRun } from '../run.ts';
import { SCENARIOS } from './scenarios.ts';
import { createStage } from './stage.ts';

export type PlayOptions = {
  readonly seed: number;
  readonly onLine?: ((line: string) => void) | undefined;
  readonly plant?: Plant | undefined;
};

/**
 * Plays a named scenario; the seed draws latencies, drifts, disks and ids.
 * @throws SimulationFailed what a checker or the scenario itself found
 */
export async function playScenario(name: string, { seed, onLine, plant }: PlayOptions): Promise<{ hash: string; virtualMs: number }> {
  const scenario = SCENARIOS[name];
  if (!scenario) throw new Error(`there is no scenario ${name}`);
  const replay = `npm run sim -- --scenario ${name} --seed ${seed}${plant ? ` --plant ${plant}` : ''}`;
  const run = await createRun({
    seed,
    devices: scenario.devices,
    coordinators: scenario.coordinators ?? 1,
    onLine,
    replay,
    plant,
    neighboursShare: 0,
    previousShare: scenario.previousShare ?? 0,
  });
  try {
    await run.begin();
    await scenario.play(createStage(run, replay));
    run.judge();
    return { hash: run.world.trace.hash, virtualMs: run.sinceStartMs };
  } finally {
    await run.world.end();
  }
}
