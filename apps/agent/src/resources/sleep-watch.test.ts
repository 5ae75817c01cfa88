import { createManualClock, createMemoryLogger } from '@cloudless/kernel/testing';
import { expect, it } from 'vitest';
import { readSleepSignal, restartAfterMs, watchSleep } from './sleep-watch.ts';

it.each([
  ['/org/freedesktop/login1: org.freedesktop.login1.Manager.PrepareForSleep (true,)', true],
  ['/org/freedesktop/login1: org.freedesktop.login1.Manager.PrepareForSleep (false,)', false],
  ['/org/freedesktop/login1: org.freedesktop.login1.Manager.PrepareForShutdown (true,)', undefined],
  ["/org/freedesktop/login1: org.freedesktop.login1.Manager.SessionNew ('3', objectpath '/org/freedesktop/login1/session/_33')", undefined],
  ['', undefined],
])('%j says %j of sleep', (line, said) => expect(readSleepSignal(line)).toBe(said));

it('listens again soon after a break, and ever later, up to an hour, where it never gets to listen', () => {
  const waits = [0];
  for (let turn = 0; turn < 9; turn += 1) waits.push(restartAfterMs(20, waits.at(-1) ?? 0));
  expect(waits.slice(1)).toEqual([30_000, 60_000, 120_000, 240_000, 480_000, 960_000, 1_920_000, 3_600_000, 3_600_000]);
  expect(restartAfterMs(86_400_000, 3_600_000)).toBe(30_000);
});

it('starts no program where there is no system bus, and looks for one ever later', async () => {
  const clock = createManualClock();
  const deps = { clock, logger: createMemoryLogger(), platform: 'linux', onSleep: () => undefined, bus: '/nowhere/bus' } as const;
  const watch = watchSleep(deps);
  const waits: number[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    // A program that was started would be waited for instead.
    expect(clock.pending).toBe(1);
    waits.push((clock.nextAtMs() ?? 0) - clock.bootMs());
    await clock.advance(waits.at(-1) ?? 0);
  }
  expect(waits).toEqual([30_000, 60_000, 120_000]);
  watch.stop();
  expect(clock.pending).toBe(0);
});
