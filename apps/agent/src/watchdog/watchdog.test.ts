import { createManualClock, createMemoryLogger } from '@cloudless/kernel/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { LeaseFile } from '../leases/lease-file.ts';
import { buildAssignment, buildIdentity } from '../testing/build-assignment.ts';
import type { LeasedContainer } from './judge-leases.ts';
import { runWatchdog } from './watchdog.ts';

const { clusterId, nodeId } = buildIdentity();
const { allocationId } = buildAssignment('db');
const container: LeasedContainer = { containerId: 'c1', allocationId, graceMs: 1000 };
const fileOf = (endsAtMs: number, bootId = 'boot'): LeaseFile => ({ bootId, clusterId, nodeId, leases: [{ allocationId, endsAtMs }] });

/** A watchdog over an engine with one exclusive container, and a file that the test writes. */
function watch(first: LeaseFile | undefined) {
  const clock = createManualClock();
  const logger = createMemoryLogger();
  const asked = { lists: 0, stops: [] as number[], graces: [] as number[], failing: false };
  const world = { file: first, running: [container] as LeasedContainer[], asked, clock, logger, stop: new AbortController() };
  const done = runWatchdog(
    {
      clock,
      logger,
      bootId: 'boot',
      readLeases: () => Promise.resolve(world.file),
      engine: {
        list() {
          asked.lists += 1;
          return asked.failing ? Promise.reject(new Error('the engine is away')) : Promise.resolve(world.running);
        },
        stop({ graceMs }) {
          asked.stops.push(clock.bootMs());
          asked.graces.push(graceMs);
          world.running = [];
          return Promise.resolve();
        },
      },
    },
    world.stop.signal,
  );
  const startMs = clock.bootMs();
  onTestFinished(async () => {
    world.stop.abort(new Error('the test is over'));
    await done;
  });
  return Object.assign(world, { startMs, done });
}

test('what runs beyond its lease is stopped within half a second, and the engine is asked nothing before', async () => {
  const world = watch(undefined);
  world.file = fileOf(world.startMs + 10_000);
  await world.clock.advance(10_000);
  expect(world.asked.stops).toEqual([]);
  const before = world.asked.lists;
  expect(before).toBeLessThanOrEqual(2);
  await world.clock.advance(750);
  expect(world.asked.stops).toHaveLength(1);
  expect((world.asked.stops[0] ?? 0) - world.startMs).toBeLessThanOrEqual(10_500);
  // Then there is nothing left to ask for.
  await world.clock.advance(5000);
  const { lists } = world.asked;
  await world.clock.advance(60_000);
  expect(world.asked.lists).toBe(lists);
});

test.each([
  ['at once has its whole grace', 0, 1000],
  ['late has what is left of its grace', 600, 400],
  ['after the machine slept for long has none', 60_000, 0],
])('what is stopped %s', async (_what, lateMs, graceMs) => {
  const world = watch(undefined);
  world.file = fileOf(world.startMs - lateMs);
  await world.clock.advance(250);
  expect(world.asked.graces).toEqual([graceMs]);
});

test('a lease that is renewed in time is left alone', async () => {
  const world = watch(undefined);
  for (let round = 1; round <= 20; round += 1) {
    world.file = fileOf(world.startMs + round * 10_000 + 20_000);
    await world.clock.advance(10_000);
  }
  expect(world.asked.stops).toEqual([]);
});

test('what has no lease at all, or one of another boot, is stopped', async () => {
  const world = watch(undefined);
  world.file = { ...fileOf(0), leases: [] };
  await world.clock.advance(500);
  expect(world.asked.stops).toHaveLength(1);
  world.running = [container];
  world.file = fileOf(world.startMs + 1e9, 'before the restart');
  await world.clock.advance(500);
  expect(world.asked.stops).toHaveLength(2);
});

test('an engine that does not answer is asked again until it does', async () => {
  const world = watch(undefined);
  world.asked.failing = true;
  world.file = fileOf(world.startMs);
  await world.clock.advance(10_000);
  expect(world.asked.stops).toEqual([]);
  world.asked.failing = false;
  await world.clock.advance(2500);
  expect(world.asked.stops).toHaveLength(1);
});

test('who ends the watchdog ends what it watches', async () => {
  const world = watch(undefined);
  world.file = fileOf(world.startMs + 1e9);
  await world.clock.advance(500);
  world.stop.abort(new Error('SIGTERM'));
  await world.clock.advance(0);
  await world.done;
  expect(world.asked.stops).toHaveLength(1);
});
