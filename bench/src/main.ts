import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureDashboard } from './dashboard.ts';
import { measureFailures } from './failures.ts';
import type { Result, Size } from './figures.ts';
import { measureFootprint } from './footprint.ts';
import { measureJoining } from './joining.ts';
import { measureMembership } from './membership.ts';
import { tableOf, writeReport } from './report.ts';
import { measureReturning } from './returning.ts';
import { measureScheduling } from './scheduling.ts';
import { measureStoreWrites } from './store-writes.ts';
import { measureSubmitToTold } from './submit-to-told.ts';
import { measureTakeover } from './takeover.ts';

const BENCHMARKS: Readonly<Record<string, (size: Size) => Promise<Result>>> = {
  b1: measureScheduling,
  b2: ({ devices }) => measureSubmitToTold(devices),
  b3: measureFailures,
  b4: ({ devices }) => measureMembership(devices === undefined ? undefined : [devices]),
  b5: measureStoreWrites,
  b6: ({ devices }) => measureFootprint(devices === undefined ? undefined : [0, devices]),
  b7: measureTakeover,
  b13: measureDashboard,
  joining: measureJoining,
  returning: measureReturning,
};

const USAGE = 'npm run bench [-- b2 b6 … [--devices 300] [--outage-s 20] [--samples 3]]';

/**
 * Runs all or those named, one after the other, prints their tables and writes what was measured. With another size than that of the
 * goals (`--devices` for b2, b4, b5, b6 and returning, `--outage-s` for returning, `--samples` for b3 and b7) it is only printed.
 */
async function main(): Promise<number> {
  const options = { devices: { type: 'string' }, 'outage-s': { type: 'string' }, samples: { type: 'string' } } as const;
  const { positionals: names, values } = parseArgs({ allowPositionals: true, options });
  const unknown = names.filter((name) => !(name in BENCHMARKS));
  if (unknown.length > 0) {
    console.error(`There is no benchmark ${unknown.join(', ')}; there are ${Object.keys(BENCHMARKS).join(', ')}: ${USAGE}`);
    return 2;
  }
  const given = { devices: values.devices, outageS: values['outage-s'], samples: values.samples };
  const size: Size = Object.fromEntries(
    Object.entries(given).flatMap(([name, text]) => (text === undefined ? [] : [[name, Number(text)]])),
  );
  if (Object.values(size).some((number) => !(number > 0))) {
    console.error(`Sizes are numbers above 0: ${USAGE}`);
    return 2;
  }
  const chosen = Object.entries(BENCHMARKS).filter(([name]) => names.length === 0 || names.includes(name));
  for (const [, measure] of chosen) {
    const result = await measure(size);
    console.log(tableOf(result));
    if (Object.keys(size).length === 0) await writeReport(join(import.meta.dirname, '..', '..'), result, new Date());
  }
  return 0;
}

process.exitCode = await main();
