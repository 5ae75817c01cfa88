import type { LendingRule } from '@cloudless/proto';
import { expect, test } from 'vitest';
import { DISK_EVERY_MS } from './lending/disk-watch.ts';
import { MOVE_GRACE_MS } from './lending/lending-keeper.ts';
import { createAgentBench, type AgentBench } from './testing/agent-bench.ts';
import { buildAssignment } from './testing/build-assignment.ts';

const GIB = 2 ** 30;
const gib = (name: string) => buildAssignment(name, { resources: { requests: { memoryBytes: GIB } } });
const web = gib('web');
const db = gib('db');

const lend = (bench: AgentBench, rule: LendingRule): void =>
  bench.coordinator.send({ kind: 'lending', clusterId: bench.identity.clusterId, ...bench.coordinator.authority, rule });
const phases = (bench: AgentBench): (string | undefined)[] =>
  [web, db].map(({ allocationId }) => bench.coordinator.observed(allocationId)?.phase);

test('a device refuses what is beyond its ceilings, whoever assigns it, and leaves what runs alone', async () => {
  await using bench = createAgentBench();
  bench.coordinator.assignments = [web];
  await bench.start();
  await bench.run(200);
  lend(bench, { memoryBytes: GIB });
  await bench.run(200);
  bench.coordinator.put(db);
  await bench.run(MOVE_GRACE_MS + 1000);
  expect(phases(bench)).toEqual(['running', 'stopped']);
  expect(bench.coordinator.observed(db.allocationId)).toMatchObject({
    cause: { code: 'lending_withheld', message: 'It would take more of the device than its owner lends.' },
  });
  expect(bench.runtime.starts).toBe(1);
});

test('a lowered ceiling stops what is beyond it after a minute, in which it can be moved', async () => {
  await using bench = createAgentBench();
  bench.coordinator.assignments = [web, db];
  await bench.start();
  await bench.run(200);
  lend(bench, { memoryBytes: GIB });
  await bench.run(MOVE_GRACE_MS - 1000);
  expect(phases(bench)).toEqual(['running', 'running']);
  await bench.run(2000);
  expect(new Set(phases(bench))).toEqual(new Set(['running', 'stopped']));
  expect(bench.runtime.containers).toHaveLength(1);
});

test('a device that is lent to other projects runs nothing of this one, with or without a coordinator', async () => {
  await using bench = createAgentBench();
  bench.coordinator.assignments = [web];
  await bench.start();
  await bench.run(200);
  lend(bench, { projects: [`prj_${'z'.repeat(26)}` as typeof web.projectId] });
  await bench.run(100);
  bench.coordinator.isReachable = false;
  bench.coordinator.pair?.sever();
  await bench.run(MOVE_GRACE_MS + 1000);
  expect(bench.runtime.containers).toEqual([]);
});

test('a pause stops everything at once though the disk is full', async () => {
  let isFull = false;
  const bench: AgentBench = createAgentBench(undefined, {
    state: {
      loadIdentity: () => bench.state.loadIdentity(),
      saveIdentity: (identity) => bench.state.saveIdentity(identity),
      loadHeld: () => bench.state.loadHeld(),
      saveHeld: (held) => (isFull ? Promise.reject(new Error('ENOSPC')) : bench.state.saveHeld(held)),
    },
  });
  await using _stopped = bench;
  bench.coordinator.assignments = [web];
  await bench.start();
  await bench.run(200);
  isFull = true;
  lend(bench, { pausedAt: 1 });
  await bench.run(500);
  expect(bench.runtime.containers.filter(({ state }) => state === 'running')).toEqual([]);
  isFull = false;
  await bench.run(15_000);
  expect(bench.coordinator.observed(web.allocationId)).toMatchObject({ phase: 'stopped', cause: { code: 'lending_withheld' } });
  expect((await bench.state.loadHeld()).lending).toEqual({ pausedAt: 1 });
});

test('an app that holds more disk than its limit fails with that reason within a minute, and leaves nothing', async () => {
  await using bench = createAgentBench();
  const small = buildAssignment('small', { resources: { limits: { storageBytes: 2 * GIB } } });
  bench.coordinator.assignments = [small, web];
  await bench.start();
  await bench.run(200);
  const own = bench.runtime.containers.find(({ allocationId }) => allocationId === small.allocationId);
  bench.runtime.fill(own?.containerId ?? '', 2 * GIB);
  await bench.run(DISK_EVERY_MS);
  expect(bench.coordinator.observed(small.allocationId)).toMatchObject({ phase: 'running' });
  bench.runtime.fill(own?.containerId ?? '', 3 * GIB);
  await bench.run(DISK_EVERY_MS + 500);
  expect(bench.coordinator.observed(small.allocationId)).toMatchObject({
    phase: 'failed',
    cause: { code: 'disk_limit', message: 'It held 3072 MiB of disk, and its limit is 2048 MiB.' },
  });
  expect(bench.runtime.containers.map(({ allocationId }) => allocationId)).toEqual([web.allocationId]);
});

test('a ceiling on the disk that is lowered counts for what runs: who is furthest beyond its request goes', async () => {
  await using bench = createAgentBench();
  bench.coordinator.assignments = [web, db];
  await bench.start();
  await bench.run(200);
  for (const { containerId, allocationId } of bench.runtime.containers)
    bench.runtime.fill(containerId, allocationId === db.allocationId ? 3 * GIB : GIB);
  await bench.run(DISK_EVERY_MS + 500);
  expect(phases(bench)).toEqual(['running', 'running']);
  lend(bench, { storageBytes: 2 * GIB });
  await bench.run(DISK_EVERY_MS + 500);
  expect(phases(bench)).toEqual(['running', 'failed']);
  expect(bench.coordinator.observed(db.allocationId)?.cause.code).toBe('disk_lent');
});

test('a device that leaves removes what it ran, also when its engine is away for a moment', async () => {
  let isDeparted = false;
  await using bench = createAgentBench(undefined, { onDeparted: () => Promise.resolve(void (isDeparted = true)) });
  bench.coordinator.assignments = [web, db];
  await bench.start();
  await bench.run(200);
  bench.runtime.goDown();
  bench.coordinator.send({ kind: 'departed', clusterId: bench.identity.clusterId, ...bench.coordinator.authority });
  await bench.run(5_000);
  expect([isDeparted, bench.runtime.containers.length]).toEqual([false, 2]);
  bench.runtime.comeUp();
  await bench.run(10_000);
  expect([isDeparted, bench.runtime.containers.length]).toEqual([true, 0]);
  expect(bench.logger.events.filter(({ op }) => op === 'device.empty').length).toBeGreaterThan(0);
});

test('a device whose engine never comes back leaves all the same, and says that containers may be left', async () => {
  let isDeparted = false;
  await using bench = createAgentBench(undefined, { onDeparted: () => Promise.resolve(void (isDeparted = true)) });
  bench.coordinator.assignments = [web];
  await bench.start();
  await bench.run(200);
  bench.runtime.goDown();
  bench.coordinator.send({ kind: 'departed', clusterId: bench.identity.clusterId, ...bench.coordinator.authority });
  await bench.run(125_000);
  expect(isDeparted).toBe(true);
  expect(bench.logger.events.filter(({ op }) => op === 'device.leave').at(-1)).toMatchObject({ outcome: 'failed' });
});
