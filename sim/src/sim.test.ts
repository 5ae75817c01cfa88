import { describe, expect, test } from 'vitest';
import { SimulationFailed } from './failure.ts';
import { PLANTS, type Plant } from './plants.ts';
import { playScenario } from './scenarios/play.ts';
import { SCENARIOS } from './scenarios/scenarios.ts';
import { simulate } from './simulate.ts';

test.each([1, 7, 42])('seed %i gives the same trace twice', async (seed) => {
  const [first, second] = [await simulate({ seed, length: 4 }), await simulate({ seed, length: 4 })];
  expect(second).toEqual(first);
  expect(first.events).toBeGreaterThan(20);
});

test('another seed gives another trace', async () => {
  const [first, second] = [await simulate({ seed: 5, length: 1 }), await simulate({ seed: 6, length: 1 })];
  expect(second.hash).not.toBe(first.hash);
});

describe('the world keeps its promises under every fault, and converges after the last', () => {
  test.each(Array.from({ length: 20 }, (_, index) => index + 1))('seed %i', async (seed) => {
    const { acknowledged } = await simulate({ seed, length: 8 });
    expect(acknowledged).toBeGreaterThan(0);
  });
});

describe('a named scenario holds, and twice in the same way', () => {
  test.each(Object.keys(SCENARIOS))('%s', async (name) => {
    const { hash } = await playScenario(name, { seed: 1 });
    expect((await playScenario(name, { seed: 1 })).hash).toBe(hash);
  });
});

/** Is wrong only while nothing else is: a scenario shows it. */
const IN_CALM = 'updates-all-at-once';
const CAUGHT_BY: Readonly<Record<Exclude<Plant, typeof IN_CALM>, string>> = {
  'starts-twice': 'an allocation runs at most once',
  'forgets-restarts': 'no container restarts without a recorded cause',
  'ignores-stop': 'the world converges',
  'stops-at-will': 'nobody stops what is wanted',
  'lies-about-syncs': 'a device keeps what it made durable',
  'forgets-a-write': 'an acknowledged write survives',
  'answers-from-the-past': 'each app is linearizable',
  'counts-room-twice': 'nothing is placed where it does not fit',
  'places-twice': 'a slot is never given more than two allocations',
  'reads-two-truths': 'nobody logs a fault of our own',
  'shares-devices': 'nobody reads or changes what is another organisation’s',
  'keeps-links': 'every queue has a limit',
  'tells-no-reason': 'every unplaced replica has a reason',
};
/** Some bugs need a certain fault, or none; the first seeds that have it. */
const FOUND_ON: Partial<Readonly<Record<Plant, number>>> = { 'lies-about-syncs': 4 };

describe('a planted bug', () => {
  test.each(PLANTS.filter((plant) => plant !== IN_CALM))('%s is found by its checker, with the command to replay it', async (plant) => {
    const seed = FOUND_ON[plant] ?? 1;
    const failure = await simulate({ seed, plant }).catch((cause: unknown) => cause);
    if (!(failure instanceof SimulationFailed)) throw new Error('the simulation did not fail', { cause: failure });
    expect(failure.checker).toBe(CAUGHT_BY[plant]);
    expect(failure.message).toContain(`npm run sim -- --seed ${seed} --plant ${plant}`);
  });

  test(`${IN_CALM} is found in a scenario, with the command to replay it`, async () => {
    const name = 'an-update-in-a-calm-world';
    const failure = await playScenario(name, { seed: 1, plant: IN_CALM }).catch((cause: unknown) => cause);
    if (!(failure instanceof SimulationFailed)) throw new Error('the scenario did not fail', { cause: failure });
    expect(failure.checker).toBe('running stays within what is wanted, less and plus one');
    expect(failure.message).toContain(`npm run sim -- --scenario ${name} --seed 1 --plant ${IN_CALM}`);
  });
});
