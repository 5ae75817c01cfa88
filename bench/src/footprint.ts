import { setTimeout as pause } from 'node:timers/promises';
import { startProduct } from '@cloudless/tools/product';
import type { Measure, Result } from './figures.ts';
import { measureGrowth } from './footprint-growth.ts';
import { cpuMsOf, linkBytesOf, memoryOf } from './process-stat.ts';

const MIB = 2 ** 20;
/** An agent of a minute still compiles what its beats run through. */
const SETTLE_MS = 60_000;
const IDLE_MS = 60_000;
const DAY_MS = 86_400_000;
const PARTS = ['coordinator', 'web', 'watchdog', 'agent'] as const;

const GOALS: Readonly<Record<(typeof PARTS)[number], number>> = { coordinator: 200, web: 125, watchdog: 80, agent: 90 };

const GOAL_AGENT_CPU = 0.2;
const WHY_BUSY =
  'by `strace`, nearly all is two beats a second, each one write and one read of TLS, and every fifth second a look at load and memory. The kernel counts in steps of 10 ms, 0.017 % here. What would reach it: fewer beats, which would be a longer silence before a death is known';

/** B6: what an idle Cloudless costs: on one machine, without an owner and an app; and a coordinator that has more and more devices. */
export async function measureFootprint(steps?: readonly number[]): Promise<Result> {
  const measures = await measureProduct();
  measures.push(...(await measureGrowth(steps)));
  return {
    id: 'B6',
    title: 'Footprint, idle',
    method: `First \`npm start\` on an empty data folder; ${SETTLE_MS / 1000} s to settle, then ${IDLE_MS / 1000} s without a request. Then a coordinator alone, with 0, 1,000 and 5,000 simulated devices on Wi-Fi in another process, light clients of the real protocol with both paths open; 10 s to settle, then 20 s. Memory from smaps_rollup, CPU from /proc/pid/stat, bytes from the kernel's TCP counters, commits from the ids that the database keeps of them.`,
    measures,
    leftOut: ['the container engine itself', 'memory of a coordinator that has served for days'],
  };
}

async function measureProduct(): Promise<Measure[]> {
  await using product = await startProduct();
  await pause(SETTLE_MS);
  const pids = await Promise.all(PARTS.map((part) => product.pid(part)));
  const agentPid = pids.at(-1) ?? 0;
  const cpuBefore = await Promise.all(pids.map(cpuMsOf));
  const bytesBefore = await linkBytesOf(agentPid, product.port);
  const startedAt = performance.now();
  await pause(IDLE_MS);
  const elapsedMs = performance.now() - startedAt;
  const cpuAfter = await Promise.all(pids.map(cpuMsOf));
  const bytes = (await linkBytesOf(agentPid, product.port)) - bytesBefore;
  const memory = await Promise.all(pids.map(memoryOf));

  const measures: Measure[] = PARTS.flatMap((part, index) => {
    const rss = (memory[index]?.rssBytes ?? Number.NaN) / MIB;
    const anonymous = (memory[index]?.anonymousBytes ?? Number.NaN) / MIB;
    const cpu = (((cpuAfter[index] ?? 0) - (cpuBefore[index] ?? 0)) / elapsedMs) * 100;
    return [
      { name: `${part}: RSS`, unit: 'MiB', value: rss, goal: `≤ ${GOALS[part]}`, met: rss <= GOALS[part] },
      {
        name: `${part}: anonymous memory`,
        unit: 'MiB',
        value: anonymous,
        ...(part === 'agent' ? { goal: '≤ 40', met: anonymous <= 40 } : {}),
      },
      {
        name: `${part}: idle CPU`,
        unit: '% of a core',
        value: cpu,
        ...(part === 'agent'
          ? { goal: `≤ ${GOAL_AGENT_CPU}`, met: cpu <= GOAL_AGENT_CPU, ...(cpu > GOAL_AGENT_CPU ? { note: WHY_BUSY } : {}) }
          : {}),
      },
    ];
  });
  measures.push({
    name: 'link, idle',
    unit: 'MB/day',
    value: ((bytes / elapsedMs) * DAY_MS) / 1e6,
    note: 'wired device on mains; both directions, TCP payload with TLS. The goal of 1 MB/day is for a phone, which no release enrols yet',
  });
  return measures;
}
