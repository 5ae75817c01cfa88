import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { assembleFleet } from './fleet/assemble.ts';
import { startCoordinator } from './fleet/coordinator.ts';
import type { Measure } from './figures.ts';

const SETTLE_MS = 15_000;
const WINDOW_MS = 60_000;
const GOAL_PER_SECOND = 1;

/** Requests that wrote, ever: each leaves its id, and numbers are not used again. */
export function readCommits(dataFolder: string): number {
  using database = new DatabaseSync(join(dataFolder, 'coordinator', 'cloudless.db'), { readOnly: true });
  const row = database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'batch'").get();
  return Number(row?.['seq'] ?? 0);
}

/** What devices that only beat make the coordinator write. */
export async function measureIdleWrites(devices: number): Promise<Measure> {
  await using coordinator = await startCoordinator();
  await using _fleet = await assembleFleet(coordinator, { devices, link: 'mobile', atOnce: 16 });
  await pause(SETTLE_MS);
  const [before, startedAt] = [readCommits(coordinator.dataFolder), performance.now()];
  await pause(WINDOW_MS);
  const commits = readCommits(coordinator.dataFolder) - before;
  const perSecond = commits / ((performance.now() - startedAt) / 1000);
  return {
    name: `writes while ${devices.toLocaleString('en')} devices only beat`,
    unit: 'commits/s',
    value: perSecond,
    goal: `≤ ${GOAL_PER_SECOND}`,
    met: perSecond <= GOAL_PER_SECOND,
    note: `${commits} in ${WINDOW_MS / 1000} s, by the ids that requests leave in the database`,
  };
}
