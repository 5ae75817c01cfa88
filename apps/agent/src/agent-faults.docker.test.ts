import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleepFor } from 'node:timers/promises';
import Dockerode from 'dockerode';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { createMemoryLogger } from '@cloudless/kernel/testing';
import type { AllocationObserved, Assignment, ClusterId, NodeId } from '@cloudless/proto';
import { describe, expect, test } from 'vitest';
import { createAgent } from './agent.ts';
import { createMemoryLogStore } from './logs/memory-log-store.ts';
import { createFingerprint } from './resources/fingerprint.ts';
import { createUsageSampler } from './resources/usage.ts';
import { createDockerRuntime } from './runtime/docker.ts';
import { connectLoopback } from './session/connect-loopback.ts';
import { createStaticCredentials } from './session/credentials.ts';
import { createFileState } from './state/file-state.ts';
import { createMemoryState } from './state/memory-state.ts';
import { buildAssignment } from './testing/build-assignment.ts';
import { findRealEngine, TEST_IMAGE } from './testing/real-engine.ts';
import { startSocketRelay } from './testing/socket-relay.ts';
import { createStubCoordinator } from './testing/stub-coordinator.ts';

const engine = await findRealEngine();
const clock = createRealClock();
/** Bounds a hang. */
const HANG_MS = 60_000;
const entropy = createRealEntropy();
const PROGRAM = new URL('./testing/agent-process.ts', import.meta.url);
const SERVES = ['/bin/sh', '-c', 'echo ready; exec /bin/busybox httpd -f -p 8080 -h /bin'];

const serving = (name: string): Assignment =>
  buildAssignment(
    name,
    { image: TEST_IMAGE, command: SERVES, terminationGraceMs: 500 },
    { allocationId: entropy.id('alloc') as Assignment['allocationId'] },
  );

/** A device of its own on the real engine; whatever it ran is removed afterwards. */
async function openDevice() {
  if (typeof engine === 'string') throw new Error(engine);
  const { runtime, socketPath } = engine;
  const folder = await mkdtemp(join(tmpdir(), 'cloudless-faults-'));
  const nodeId = entropy.id('node') as NodeId;
  const clusterId = entropy.id('cluster') as ClusterId;
  const identity = { nodeId, clusterId, name: 'Test Device', privateKey: '', certificate: '', bundle: '' };
  const docker = new Dockerode({ socketPath, host: '', protocol: 'http' });
  return {
    folder,
    socketPath,
    identity,
    docker,
    own: () => runtime.list(identity, undefined, new AbortController().signal),
    async [Symbol.asyncDispose]() {
      const signal = new AbortController().signal;
      for (const container of await runtime.list(identity, undefined, signal)) await runtime.remove(container.containerId, signal);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Starts the agent's process; `until` waits for what it reports. */
function startProcess(folder: string, socketPath: string, assignments: readonly Assignment[]) {
  const child = spawn(process.execPath, [PROGRAM.pathname, folder, socketPath, JSON.stringify(assignments)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const observed = new Map<string, AllocationObserved>();
  createInterface({ input: child.stdout }).on('line', (text) => {
    if (text === 'up') return;
    const said = JSON.parse(text) as { allocationId: string; observed?: AllocationObserved };
    if (said.observed) observed.set(said.allocationId, said.observed);
  });
  const exited = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  return {
    observed,
    async until(isSo: (now: ReadonlyMap<string, AllocationObserved>) => boolean): Promise<void> {
      const deadlineMs = clock.bootMs() + HANG_MS;
      while (!isSo(observed)) {
        if (clock.bootMs() > deadlineMs) throw new Error(`it did not come: ${JSON.stringify([...observed])}`);
        await sleepFor(5);
      }
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

describe.skipIf(typeof engine === 'string')('an agent on a real engine, under faults', { timeout: 4 * HANG_MS }, () => {
  test('killed with -9 leaves its containers as they are, and adopts them with no restart', async () => {
    await using device = await openDevice();
    await createFileState(device.folder, createMemoryLogger()).saveIdentity(device.identity);
    const apps = [serving('one'), serving('two'), serving('three')];
    const isReady = (now: ReadonlyMap<string, AllocationObserved>): boolean =>
      apps.every(({ allocationId }) => now.get(allocationId)?.ready === true);
    const first = startProcess(device.folder, device.socketPath, apps);
    await first.until(isReady);
    const startedAt = async () => {
      const inspected = (await device.own()).map(({ containerId }) => device.docker.getContainer(containerId).inspect());
      return new Map(
        (await Promise.all(inspected)).map(({ Id, State, RestartCount }) => [Id, [State.StartedAt, State.Running, RestartCount]]),
      );
    };
    const before = await startedAt();
    await first.kill();
    expect(await startedAt()).toEqual(before);
    const second = startProcess(device.folder, device.socketPath, apps);
    await second.until(isReady);
    expect([...second.observed.values()].map(({ restarts }) => restarts)).toEqual([0, 0, 0]);
    expect(await startedAt()).toEqual(before);
    await second.kill();
  });

  test('killed while it starts something makes it once', async () => {
    await using device = await openDevice();
    await createFileState(device.folder, createMemoryLogger()).saveIdentity(device.identity);
    const apps = [serving('one'), serving('two')];
    for (const afterMs of [30, 120, 250, 400]) {
      const killed = startProcess(device.folder, device.socketPath, apps);
      await sleepFor(afterMs);
      await killed.kill();
    }
    const last = startProcess(device.folder, device.socketPath, apps);
    await last.until((now) => apps.every(({ allocationId }) => now.get(allocationId)?.ready === true));
    expect(await device.own()).toHaveLength(2);
    await last.kill();
  });

  test('shows the truth again when the engine was away: one killed meanwhile runs again, the other was not touched', async () => {
    await using device = await openDevice();
    const relay = await startSocketRelay(join(device.folder, 'engine.sock'), device.socketPath);
    const runtime = createDockerRuntime({ socketPath: relay.path, clock, platform: process.platform });
    const coordinator = createStubCoordinator(device.identity);
    const [killed, kept] = [serving('killed'), serving('kept')];
    coordinator.assignments = [killed, kept];
    const agent = await createAgent({
      clock,
      entropy,
      logger: createMemoryLogger(),
      runtime,
      state: createMemoryState(device.identity),
      connectLoopback,
      logs: createMemoryLogStore(),
      credentials: createStaticCredentials(device.identity),
      dial: () => coordinator.dial(),
      fingerprint: createFingerprint({ agentVersion: 'test', dataFolder: device.folder, files: { root: '/' } }),
      sampleUsage: createUsageSampler({ runtime, clock }),
    });
    const until = async (isSo: () => boolean): Promise<void> => {
      const fromMs = clock.bootMs();
      while (!isSo()) {
        if (clock.bootMs() - fromMs > HANG_MS) throw new Error(`it did not come: ${JSON.stringify(coordinator.messages.slice(-3))}`);
        await sleepFor(5);
      }
    };
    const observed = ({ allocationId }: Assignment) => coordinator.observed(allocationId);
    const engineState = () => coordinator.said('fingerprint').at(-1)?.fingerprint.engine.state;
    await until(() => observed(killed)?.ready === true && observed(kept)?.ready === true);
    await relay.takeAway();
    await until(() => engineState() === 'stopped' || engineState() === 'absent');
    const victim = (await device.own()).find(({ allocationId }) => allocationId === killed.allocationId);
    await device.docker.getContainer(victim?.containerId ?? '').kill();
    expect(observed(kept)).toMatchObject({ phase: 'running', restarts: 0 });
    await relay.giveBack();
    await until(() => engineState() === 'ready' && observed(killed)?.restarts === 1 && observed(killed)?.ready === true);
    expect(observed(killed)).toMatchObject({ exit: { code: 137 }, cause: { code: 'restarted' } });
    expect(observed(kept)).toMatchObject({ phase: 'running', ready: true, restarts: 0 });
    await agent.stop();
    await relay.takeAway();
  });
});

test.runIf(typeof engine === 'string')(`no engine to test with: ${typeof engine === 'string' ? engine : ''}`, (context) => context.skip());
