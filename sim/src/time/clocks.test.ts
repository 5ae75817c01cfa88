import { expect, test } from 'vitest';
import { createMachineClock } from './machine-clock.ts';
import { createWorldClock, type WorldClock } from './world-clock.ts';

function pass(world: WorldClock, ms: number): void {
  const untilMs = world.bootMs() + ms;
  while (world.step(untilMs));
}

test('timers fire in the order of their times, and of one time in the order in which they were set', () => {
  const world = createWorldClock();
  const fired: number[] = [];
  const delays = [50, 10, 10, 30, 0, 30, 70, 10];
  for (const [index, delayMs] of delays.entries()) world.setTimer(delayMs, () => fired.push(index));
  pass(world, 60);
  expect(fired).toEqual([4, 1, 2, 7, 3, 5, 0]);
  expect(world.pending).toBe(1);
});

test('a timer that was cancelled never fires, however many were', () => {
  const world = createWorldClock();
  const fired: number[] = [];
  const timers = Array.from({ length: 500 }, (_, index) => world.setTimer(500 - index, () => fired.push(index)));
  for (const [index, timer] of timers.entries()) if (index % 10 !== 0) timer.cancel();
  expect(world.pending).toBe(50);
  pass(world, 1000);
  expect(fired).toEqual(Array.from({ length: 50 }, (_, index) => 490 - index * 10));
});

test('a machine whose crystal is one per cent fast counts 3636 s in an hour, and its timers come early by as much', () => {
  const world = createWorldClock();
  const machine = createMachineClock(world, 0.01);
  const startMs = machine.bootMs();
  const firedAtMs: number[] = [];
  machine.setTimer(101_000, () => firedAtMs.push(world.bootMs()));
  const worldStartMs = world.bootMs();
  pass(world, 3_600_000);
  expect(machine.bootMs() - startMs).toBe(3_636_000);
  expect(firedAtMs).toEqual([worldStartMs + 100_000]);
});

test('boot time counts a sleep, and a timer goes on afterwards with what it had left', () => {
  const world = createWorldClock();
  const machine = createMachineClock(world, 0);
  const startMs = machine.bootMs();
  let firedAfterMs: number | undefined;
  machine.setTimer(5000, () => (firedAfterMs = machine.bootMs() - startMs));
  pass(world, 2000);
  machine.suspend();
  pass(world, 3_600_000);
  expect(firedAfterMs).toBeUndefined();
  machine.wake();
  expect(machine.bootMs() - startMs).toBe(3_602_000);
  pass(world, 10_000);
  expect(firedAfterMs).toBe(3_605_000);
});

test('a wall clock that is set moves no timer and no boot time', () => {
  const world = createWorldClock();
  const machine = createMachineClock(world, 0);
  const [nowAt, bootMs] = [machine.now(), machine.bootMs()];
  machine.setWallOff(-3_600_000);
  expect(machine.now()).toBe(nowAt - 3_600_000);
  machine.setWall1970();
  expect(machine.now()).toBe(0);
  expect(machine.bootMs()).toBe(bootMs);
});
