import { setTimeout as pause } from 'node:timers/promises';
import { joinDevice } from './fleet/assemble.ts';
import { startCoordinator, type Coordinator } from './fleet/coordinator.ts';
import { inParallel, startFleet } from './fleet/fleet.ts';
import type { Measure } from './figures.ts';
import { readCommits } from './idle-writes.ts';
import { cpuMsOf, memoryOf } from './process-stat.ts';

const STEPS = [0, 1000, 5000] as const;
const MIB = 2 ** 20;
const AT_ONCE = 48;
const SETTLE_MS = 10_000;
const IDLE_MS = 20_000;
const BASE_MIB = 200;
const PER_THOUSAND_MIB = 15;
const GOAL_COMMITS = 1;
const GROWTH_NOTE =
  'of 5,000 devices about 270 MiB are JavaScript’s heap, and about 140 KiB a device lie outside of it, as its garbage collector tells: the two TLS connections of each, with their buffers. What would reach it: TLS in a process that is not Node.js; one connection a device would halve it, and lose the second path on which a device that fell silent is asked before it counts as lost';

async function measureIdle(coordinator: Coordinator, devices: number): Promise<Measure[]> {
  await pause(SETTLE_MS);
  const [cpuBefore, commitsBefore, startedAt] = [await cpuMsOf(coordinator.pid), readCommits(coordinator.dataFolder), performance.now()];
  await pause(IDLE_MS);
  const elapsedMs = performance.now() - startedAt;
  const cpu = (((await cpuMsOf(coordinator.pid)) - cpuBefore) / elapsedMs) * 100;
  const commits = ((readCommits(coordinator.dataFolder) - commitsBefore) / elapsedMs) * 1000;
  const { rssBytes, anonymousBytes } = await memoryOf(coordinator.pid);
  const limit = BASE_MIB + (devices / 1000) * PER_THOUSAND_MIB;
  const of = `coordinator, ${devices.toLocaleString('en')} devices`;
  return [
    {
      name: `${of}: RSS`,
      unit: 'MiB',
      value: rssBytes / MIB,
      goal: `≤ ${limit}`,
      met: rssBytes / MIB <= limit,
      ...(devices > 0 ? { note: GROWTH_NOTE } : {}),
    },
    { name: `${of}: anonymous memory`, unit: 'MiB', value: anonymousBytes / MIB },
    { name: `${of}: idle CPU`, unit: '% of a core', value: cpu },
    { name: `${of}: commits when idle`, unit: 'commits/s', value: commits, goal: `≤ ${GOAL_COMMITS}`, met: commits <= GOAL_COMMITS },
  ];
}

/** What a coordinator costs that has more and more idle devices on Wi-Fi: light clients of the real protocol, over real sockets. */
export async function measureGrowth(steps: readonly number[] = STEPS): Promise<readonly Measure[]> {
  await using coordinator = await startCoordinator();
  await using fleet = startFleet(Math.max(...steps));
  const measures: Measure[] = [];
  let joined = 0;
  for (const devices of steps) {
    const before = joined;
    await inParallel(devices - before, AT_ONCE, async (position) => void (await joinDevice(coordinator, fleet, before + position, 'wifi')));
    joined = devices;
    measures.push(...(await measureIdle(coordinator, devices)));
  }
  return measures;
}
