import { expect, test } from 'vitest';
import { explore } from './explore.ts';
import { SimulationFailed } from './failure.ts';
import type { SimulationResult } from './simulate.ts';

const RESULT: SimulationResult = {
  hash: '',
  events: 1,
  faults: new Map([['link.cut', 2]]),
  acknowledged: 1,
  reads: 1,
  virtualMs: 1000,
  convergedInMs: 0,
};

function start(options: { readonly fails?: readonly number[]; readonly seeds?: number; readonly untilMs?: number }) {
  let nowMs = 0;
  const told: string[] = [];
  const explored = explore({
    first: 5,
    seeds: options.seeds ?? Infinity,
    untilMs: options.untilMs ?? Infinity,
    clock: { bootMs: () => nowMs },
    simulate(seed) {
      nowMs += 10;
      if (!options.fails?.includes(seed)) return Promise.resolve(RESULT);
      return Promise.reject(new SimulationFailed('a checker', 'found it', { where: `seed ${seed}`, tail: [], replay: `--seed ${seed}` }));
    },
    onSeed: (seed) => told.push(`seed ${seed}`),
    onFailure: ({ message }) => told.push(message.split('\n')[0] ?? ''),
  });
  return { explored, told };
}

test('a seed that fails is told and counted, and the next is tried', async () => {
  const { explored, told } = start({ fails: [6], seeds: 3 });
  expect(await explored).toMatchObject({ seeds: 3, failed: [6], virtualMs: 2000, faults: new Map([['link.cut', 4]]) });
  expect(told).toEqual(['seed 5', 'seed 6: a checker: found it', 'seed 7']);
});

test('ends when the time is over', async () => {
  expect((await start({ untilMs: 45 }).explored).seeds).toBe(5);
});

test('ends when ten have failed', async () => {
  expect((await start({ fails: Array.from({ length: 100 }, (_, index) => index) }).explored).failed).toHaveLength(10);
});
