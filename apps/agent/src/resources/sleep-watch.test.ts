import { expect, it } from 'vitest';
import { readSleepSignal } from './sleep-watch.ts';

it.each([
  ['/org/freedesktop/login1: org.freedesktop.login1.Manager.PrepareForSleep (true,)', true],
  ['/org/freedesktop/login1: org.freedesktop.login1.Manager.PrepareForSleep (false,)', false],
  ['/org/freedesktop/login1: org.freedesktop.login1.Manager.PrepareForShutdown (true,)', undefined],
  ["/org/freedesktop/login1: org.freedesktop.login1.Manager.SessionNew ('3', objectpath '/org/freedesktop/login1/session/_33')", undefined],
  ['', undefined],
])('%j says %j of sleep', (line, said) => expect(readSleepSignal(line)).toBe(said));
