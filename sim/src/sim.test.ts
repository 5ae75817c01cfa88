import { describe, expect, test } from 'vitest';
import { PLANTS, type Plant } from './plants.ts';
import { simulate, SimulationFailed } from './simulate.ts';

const AGENTS = 2;

test.each([1, 7, 42])('seed %i gives the same trace twice', async (seed) => {
  const [first, second] = [await simulate({ seed, minutes: 4, agents: AGENTS }), await simulate({ seed, minutes: 4, agents: AGENTS })];
  expect(second).toEqual(first);
  expect(first.events).toBeGreaterThan(50);
});

test('another seed gives another trace', async () => {
  const [first, second] = [
    await simulate({ seed: 5, minutes: 1, agents: AGENTS }),
    await simulate({ seed: 6, minutes: 1, agents: AGENTS }),
  ];
  expect(second.hash).not.toBe(first.hash);
});

describe('the world keeps its promises under every fault, and converges after the last', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('seed %i', async (seed) => {
    const { acknowledged } = await simulate({ seed, minutes: 10, agents: AGENTS });
    expect(acknowledged).toBeGreaterThan(0);
  });
  test('with five devices', async () => {
    expect((await simulate({ seed: 11, minutes: 5, agents: 5 })).faults).toBeGreaterThan(0);
  });
  // An agent once told nobody that its engine had come back while its session was opening. Another draw in the world makes others of
  // these seeds; the test that stays is beside the agent.
  test.each([51, 178, 181])('seed %i, which failed before', async (seed) => {
    await simulate({ seed, minutes: 20, agents: AGENTS });
  });
});

const CAUGHT_BY: Readonly<Record<Plant, string>> = {
  'starts-twice': 'an allocation runs at most once',
  'places-twice': 'a slot is never given more than two allocations',
  'counts-room-twice': 'nothing is placed where it does not fit',
  'forgets-a-write': 'an acknowledged write survives',
  'ignores-stop': 'the world converges',
  'reads-two-truths': 'nobody logs a fault of our own',
};

describe('a planted bug', () => {
  test.each(PLANTS)('%s is found by its checker, with the command to replay it', async (plant) => {
    const failure = await simulate({ seed: 1, minutes: 20, agents: AGENTS, plant }).catch((cause: unknown) => cause);
    if (!(failure instanceof SimulationFailed)) throw new Error('the simulation did not fail', { cause: failure });
    expect(failure.checker).toBe(CAUGHT_BY[plant]);
    expect(failure.message).toContain(`npm run sim -- --seed 1 --minutes 20 --agents ${AGENTS} --plant ${plant}`);
  });
});
