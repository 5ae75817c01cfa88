import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { createMemoryLogger } from '@cloudless/kernel/testing';
import type { Assignment, ClusterId, NodeId } from '@cloudless/proto';
import { describe, expect, test } from 'vitest';
import { leaseFileSchema } from '../leases/lease-file.ts';
import { createFileState } from '../state/file-state.ts';
import { parseDurable } from '../state/durable-file.ts';
import { buildAssignment } from '../testing/build-assignment.ts';
import { readConfig } from '../config.ts';
import { findRealEngine, TEST_IMAGE } from '../testing/real-engine.ts';

const engine = await findRealEngine();
const clock = createRealClock();
const entropy = createRealEntropy();
const AGENT = new URL('../testing/agent-process.ts', import.meta.url).pathname;
const MAIN = new URL('../main.ts', import.meta.url).pathname;
const LEASE_MS = 4000;
/** Bounds a hang. */
const HANG_MS = 60_000;

/** Anonymous memory in MiB: what it costs besides files that other programs share. From the source tree, which loads the type stripper. */
async function residentMib({ pid }: ChildProcess): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Anonymous:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) / 1024;
}

/** A device with a watchdog and an agent as processes, and one exclusive app that ends at once when it is told to. */
async function openDevice() {
  if (typeof engine === 'string') throw new Error(engine);
  const { runtime, socketPath } = engine;
  const data = await mkdtemp(join(tmpdir(), 'cloudless-watchdog-'));
  const folder = join(data, 'agent');
  await mkdir(folder);
  const identity = {
    nodeId: entropy.id('node') as NodeId,
    clusterId: entropy.id('cluster') as ClusterId,
    name: 'Test Device',
    privateKey: '',
    certificate: '',
    bundle: '',
  };
  await createFileState(folder, createMemoryLogger()).saveIdentity(identity);
  const db = buildAssignment(
    'db',
    { image: TEST_IMAGE, command: ['/bin/busybox', 'httpd', '-f', '-p', '8080'], exclusive: true, terminationGraceMs: 500 },
    { allocationId: entropy.id('alloc') as Assignment['allocationId'] },
  );
  const env = { ...readConfig().shell, CLOUDLESS_DATA: data, CLOUDLESS_DOCKER_SOCKET: socketPath, CLOUDLESS_LOG_LEVEL: 'silent' };
  const start = (...argv: string[]) => spawn(process.execPath, argv, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const watchdog = start('--max-semi-space-size=1', '--max-old-space-size=32', MAIN, 'watchdog');
  const agent = start(AGENT, folder, socketPath, JSON.stringify([db]), String(LEASE_MS));
  const states = async () => (await runtime.list(identity, undefined, AbortSignal.timeout(10_000))).map(({ state }) => state);
  async function until(isSo: () => Promise<boolean>): Promise<void> {
    const deadlineMs = clock.bootMs() + HANG_MS;
    while (!(await isSo())) {
      if (clock.bootMs() > deadlineMs) throw new Error(`it did not come: ${(await states()).join()}`);
      await sleepFor(20);
    }
  }
  return {
    agent,
    watchdog,
    states,
    until,
    async leaseEndsAtMs(): Promise<number> {
      const body = parseDurable(await readFile(join(folder, 'leases.json'), 'utf8')) ?? '';
      return leaseFileSchema.parse(JSON.parse(body)).leases[0]?.endsAtMs ?? 0;
    },
    async [Symbol.asyncDispose]() {
      for (const child of [agent, watchdog]) {
        const exited = new Promise((resolve) => void child.once('exit', resolve));
        if (child.exitCode === null && child.signalCode === null) {
          child.kill('SIGKILL');
          await exited;
        }
      }
      const signal = AbortSignal.timeout(30_000);
      for (const { containerId } of await runtime.list(identity, undefined, signal)) await runtime.remove(containerId, signal);
      await rm(data, { recursive: true, force: true });
    },
  };
}

describe.skipIf(typeof engine === 'string')('a watchdog beside an agent on a real engine', { timeout: 4 * HANG_MS }, () => {
  test.each(['SIGKILL', 'SIGSTOP'] as const)(
    'stops the exclusive app of an agent that got %s when its lease has ended, and not before',
    async (signal) => {
      await using device = await openDevice();
      await device.until(async () => (await device.states()).includes('running'));
      // The lease is renewed while the agent lives.
      await sleepFor(LEASE_MS + 1000);
      expect(await device.states()).toEqual(['running']);
      device.agent.kill(signal);
      const endsAtMs = await device.leaseEndsAtMs();
      const before: string[] = [];
      await device.until(async () => {
        const states = await device.states();
        // What is known before the lease ends was so before it did.
        if (clock.bootMs() < endsAtMs) before.push(...states);
        return states.includes('exited');
      });
      expect(before.filter((state) => state !== 'running')).toEqual([]);
      expect(await residentMib(device.watchdog)).toBeLessThan(64);
    },
  );
});

test.runIf(typeof engine === 'string')(`no engine to test with: ${typeof engine === 'string' ? engine : ''}`, (context) => context.skip());
