import { join } from 'node:path';
import { measureContainerKilled } from './container-killed.ts';
import { measureDashboard } from './dashboard.ts';
import type { Result } from './figures.ts';
import { measureFootprint } from './footprint.ts';
import { measureJoining } from './joining.ts';
import { measureMembership } from './membership.ts';
import { tableOf, writeReport } from './report.ts';
import { measureScheduling } from './scheduling.ts';
import { measureStoreWrites } from './store-writes.ts';
import { measureSubmitToTold } from './submit-to-told.ts';
import { measureTakeover } from './takeover.ts';

const BENCHMARKS: Readonly<Record<string, () => Promise<Result>>> = {
  b1: measureScheduling,
  b2: measureSubmitToTold,
  b3: measureContainerKilled,
  b4: measureMembership,
  b5: measureStoreWrites,
  b6: measureFootprint,
  b7: measureTakeover,
  b13: measureDashboard,
  joining: measureJoining,
};

/** `npm run bench [-- b2 b6]`: runs all or those named, one after the other, prints their tables and writes what was measured. */
async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !(name in BENCHMARKS));
  if (unknown.length > 0) {
    console.error(`There is no benchmark ${unknown.join(', ')}; there are ${Object.keys(BENCHMARKS).join(', ')}.`);
    return 2;
  }
  const chosen = Object.entries(BENCHMARKS).filter(([name]) => names.length === 0 || names.includes(name));
  for (const [, measure] of chosen) {
    const result = await measure();
    console.log(tableOf(result));
    await writeReport(join(import.meta.dirname, '..', '..'), result, new Date());
  }
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
