import { execFile } from 'node:child_process';
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';
import { isCloudlessError } from '@cloudless/proto';
import { createClient } from '@cloudless/sdk';
import { startCluster } from '../src/chaos/cluster.ts';
import { judge } from '../src/chaos/judge.ts';
import { note } from '../src/chaos/note.ts';
import { pause, until } from '../src/chaos/until.ts';

const run = promisify(execFile);
const MIB = 2 ** 20;
const SYNC_MS = 150;
/** Longer than a caller is believed without a look at the database. */
const FULL_FOR_MS = 12_000;

/** A disk of its own, as small as a full one has to be; needs root. */
async function mountDisk(mib: number): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'cloudless-disk-'));
  await run('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', path]);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await run('umount', [path]);
      await rm(path, { recursive: true });
    },
  };
}

test(`a disk that takes ${SYNC_MS} ms for each sync slows writes, not reads, and accuses no device`, async () => {
  await using cluster = await startCluster({
    seed: 41,
    devices: 3,
    apps: [2, 2],
    env: { CLOUDLESS_TEST_FAULTS: '1', CLOUDLESS_FSYNC_DELAY_MS: String(SYNC_MS) },
  });
  const readsMs: number[] = [];
  for (let round = 0; round < 100; round += 1) {
    const fromMs = performance.now();
    await cluster.client.workload.list();
    readsMs.push(performance.now() - fromMs);
    await pause(50);
  }
  const p95 = readsMs.toSorted((left, right) => left - right)[94] ?? Infinity;
  note({ readP95Ms: Math.round(p95), readMaxMs: Math.round(Math.max(...readsMs)) });
  // Less than one sync: a read waits for none.
  expect(p95).toBeLessThan(SYNC_MS);
  note(await judge(cluster, { settleMs: 5000, starts: 0 }));
  expect(await cluster.told('node.unreachable', 'node.lost')).toEqual([]);
});

test('a full disk refuses writes with the reason, goes on reading, and takes writes again without a restart', async () => {
  test.skip(process.getuid?.() !== 0, 'a small disk can be mounted by root alone');
  await using disk = await mountDisk(300);
  await using cluster = await startCluster({ seed: 42, devices: 2, apps: [2, 1], coordinatorRoot: disk.path });
  const { seat, apps } = cluster;
  await using client = createClient({ url: seat.url, token: cluster.token, timeoutMs: 5000 });
  const [workloadId = ''] = apps;
  const ballast = join(disk.path, 'ballast');

  const { bavail, bsize } = await statfs(disk.path);
  await writeFile(ballast, Buffer.alloc(bavail * bsize)).catch(() => undefined);
  const codes = new Map<string, number>();
  await until('writes are refused for lack of space', 15_000, async () => {
    const { spec, generation } = await client.workload.get({ workloadId });
    const replicas = spec.replicas === 2 ? 1 : 2;
    const refused = await client.workload.update({ workloadId, spec: { ...spec, replicas }, ifGeneration: generation }).then(
      () => undefined,
      (cause: unknown) => (isCloudlessError(cause) ? cause : undefined),
    );
    if (refused) codes.set(refused.code, (codes.get(refused.code) ?? 0) + 1);
    return refused?.code === 'store_unavailable' && /full|space/i.test(refused.message) ? undefined : `it answered ${refused?.message}`;
  });
  const untilMs = performance.now() + FULL_FOR_MS;
  while (performance.now() < untilMs) {
    expect((await client.workload.list()).rows).toHaveLength(2);
    await pause(200);
  }
  const { pid } = seat.coordinator;
  await rm(ballast);
  const backMs = await until('writes are taken again', 10_000, () =>
    client.workload.restart({ workloadId }).then(
      () => undefined,
      (cause: unknown) => String(cause),
    ),
  );
  note({ refusals: Object.fromEntries(codes), backMs: Math.round(backMs), freedMiB: Math.round((bavail * bsize) / MIB) });
  expect(seat.coordinator.pid).toBe(pid);
  expect(seat.coordinator.endings).toEqual([]);
  note(await judge(cluster, { settleMs: 20_000, starts: 20 }));
});
