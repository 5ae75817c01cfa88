import { createFileState, type HeldState } from '@cloudless/agent';
import { createMemoryLogger } from '@cloudless/kernel/testing';
import type { ClusterId } from '@cloudless/proto';
import { expect, test } from 'vitest';
import { createDisk, type Disk } from './disk.ts';
import { createDraw } from './draw.ts';
import { createIncarnation, type Incarnation } from './incarnation.ts';
import { runSteps } from './steps.ts';
import { createWorldClock } from './time/world-clock.ts';

const CLUSTER_ID = createDraw(1, 'cluster').entropy.id('cluster') as ClusterId;

const held = (token: number): HeldState => ({
  authority: { clusterId: CLUSTER_ID, epoch: 1, token },
  assignments: [],
  memories: [],
  lastServerAt: token,
});

function createBench(seed: number, options: { readonly lies?: boolean } = {}) {
  const world = createWorldClock();
  const disk = createDisk({ draw: createDraw(seed, 'disk'), ...options });
  const logger = createMemoryLogger();
  const start = (): Incarnation => createIncarnation('agent', world);
  const stateOf = (life: Incarnation) => createFileState('/agent', logger, disk.bind(life));
  const pass = (ms: number): Promise<void> => {
    const untilMs = world.bootMs() + ms;
    return runSteps(() => world.step(untilMs));
  };
  return { disk, logger, start, stateOf, pass };
}

async function loadAfterPowerLoss(disk: Disk, bench: ReturnType<typeof createBench>): Promise<HeldState> {
  disk.losePower();
  return bench.stateOf(bench.start()).loadHeld();
}

test('whenever the power goes, what was saved is there, or what was being saved, and never a part of it', async () => {
  const found = new Set<number>();
  for (let seed = 1; seed <= 300; seed += 1) {
    const bench = createBench(seed);
    const life = bench.start();
    const state = bench.stateOf(life);
    const first = state.saveHeld(held(1));
    await bench.pass(1000);
    await first;
    void state.saveHeld(held(2));
    await bench.pass(seed % 60);
    life.kill();
    const loaded = await loadAfterPowerLoss(bench.disk, bench);
    found.add(loaded.authority?.token ?? 0);
    expect(bench.logger.events).toEqual([]);
  }
  expect(found).toEqual(new Set([1, 2]));
});

test('a disk that lies about its syncs tears files, and the agent finds it', async () => {
  let damaged = 0;
  for (let seed = 1; seed <= 40; seed += 1) {
    const bench = createBench(seed, { lies: true });
    const saved = bench.stateOf(bench.start()).saveHeld(held(1));
    await bench.pass(1000);
    await saved;
    await loadAfterPowerLoss(bench.disk, bench);
    damaged += bench.logger.events.filter(({ op, outcome }) => op === 'state.load' && outcome === 'failed').length;
  }
  expect(damaged).toBeGreaterThan(20);
});

test('a bit that turned is found, and a full disk refuses and loses nothing', async () => {
  const bench = createBench(5);
  const state = bench.stateOf(bench.start());
  const saved = state.saveHeld(held(1));
  await bench.pass(1000);
  await saved;
  bench.disk.setFull(true);
  await expect(state.saveHeld(held(2))).rejects.toThrow('ENOSPC');
  expect((await state.loadHeld()).authority?.token).toBe(1);
  expect(bench.disk.flipBit()).toBe(true);
  expect(bench.disk.flipped).toBe(1);
});
