import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRealClock } from '@cloudless/kernel/node';
import type { AllocationId, ClusterId, NodeId, WorkloadId } from '@cloudless/proto';
import { afterAll, describe, expect, test } from 'vitest';
import { runtimeContract } from '../contract/runtime-contract.ts';
import { createDockerRuntime } from '../docker.ts';
import type { ContainerPlan } from '../runtime.ts';
import { serveFakeEngine } from './engine-server.ts';
import { createFakeRuntime } from './fake-runtime.ts';

const clock = createRealClock();
const folder = await mkdtemp(join(tmpdir(), 'cloudless-engine-'));
const images = {
  'stays:1': { prints: ['hello'], startMs: 1, stopMs: 1 },
  'writes:1': { prints: ['written'], startMs: 1, stopMs: 1, writesBytes: 3 * 2 ** 20 },
  'exits3:1': { startMs: 1, exits: { afterMs: 1, exit: { code: 3, oomKilled: false } } },
};
const fake = createFakeRuntime({ clock, images });
const server = await serveFakeEngine(fake, join(folder, 'engine.sock'));
const runtime = createDockerRuntime({ socketPath: server.socketPath, clock, platform: process.platform });
const signal = new AbortController().signal;

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

// It proves both: that the adapter reads what an engine says, and that the double says it as an engine does.
describe('the Docker adapter on a fake engine', () => {
  const programs = {
    stays: { image: 'stays:1' },
    exits3: { image: 'exits3:1' },
    writes: { image: 'writes:1' },
    missingImage: 'example/missing:1',
  };
  runtimeContract(() => Promise.resolve({ runtime, programs }));
});

const id = (prefix: string, letter: string): string => `${prefix}_${letter.repeat(26)}`;
const owner = { clusterId: id('cluster', 'c') as ClusterId, nodeId: id('node', 'd') as NodeId };
const plan: ContainerPlan = {
  owner,
  allocationId: id('alloc', 'a') as AllocationId,
  workloadId: id('wl', 'w') as WorkloadId,
  workloadName: 'app',
  generation: 1,
  specHash: 'abc',
  name: 'cloudless-app',
  image: 'stays:1',
  exclusive: false,
  env: {},
  limits: { cpuMillicores: 1, memoryBytes: 1, pids: 1 },
  ports: [],
  graceMs: 100,
  readOnlyRoot: false,
  stdinOpen: false,
};

test('counts each start of a container once', async () => {
  const before = server.starts.length;
  const containerId = await runtime.create(plan, signal);
  await runtime.start(containerId, signal);
  await runtime.start(containerId, signal);
  await runtime.kill(containerId, signal);
  await runtime.start(containerId, signal);
  const start = { containerId, allocationId: plan.allocationId };
  expect(server.starts.slice(before)).toEqual([start, start]);
  await runtime.remove(containerId, signal);
});

test('does not answer while it is down, and ends its subscriptions', async () => {
  const { ended } = await runtime.watch(owner, () => undefined, signal);
  fake.goDown();
  await ended;
  await expect(runtime.list(owner, undefined, signal)).rejects.toMatchObject({ code: 'engine_unavailable' });
  expect((await runtime.probe(signal)).engine.state).not.toBe('ready');
  fake.comeUp();
  expect((await runtime.probe(signal)).engine.state).toBe('ready');
});

test('fetches what its registry has', async () => {
  await runtime.pull('stays:1', () => undefined, signal);
  await expect(runtime.pull('example/missing:1', () => undefined, signal)).rejects.toMatchObject({ code: 'image_not_found' });
});
