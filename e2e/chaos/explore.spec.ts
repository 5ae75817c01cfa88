import { expect, test } from '@playwright/test';
import { createSeededEntropy } from '@cloudless/kernel/testing';
import { startCluster } from '../src/chaos/cluster.ts';
import { createFaults, FAULT_KINDS } from '../src/chaos/faults.ts';
import { judge } from '../src/chaos/judge.ts';
import { note } from '../src/chaos/note.ts';
import { pause } from '../src/chaos/until.ts';

/** `npm run chaos -- --minutes 10 --seed 7` gives others. */
const SEED = Number(process.env['CLOUDLESS_CHAOS_SEED'] ?? 1);
const MINUTES = Number(process.env['CLOUDLESS_CHAOS_MINUTES'] ?? 0.3);

test(`faults drawn from seed ${SEED} for ${MINUTES} minutes`, async () => {
  test.setTimeout(MINUTES * 60_000 + 120_000);
  await using cluster = await startCluster({ seed: SEED, devices: 5, apps: [4, 3, 1] });
  const { random } = createSeededEntropy(SEED);
  const faults = createFaults(cluster, random);
  const untilMs = performance.now() + MINUTES * 60_000;
  while (performance.now() < untilMs) {
    faults.strike(FAULT_KINDS[Math.floor(random() * FAULT_KINDS.length)] ?? 'agent.kill');
    await pause(random() * 2500);
  }
  await faults.heal();
  note({ seed: SEED, minutes: MINUTES, faults: Object.fromEntries(faults.counts) });
  note(await judge(cluster, { settleMs: 30_000, starts: faults.counts.get('container.crash') ?? 0 }));
  expect(await cluster.told('node.lost')).toEqual([]);
});
