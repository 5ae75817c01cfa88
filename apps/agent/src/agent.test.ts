import { CloudlessError } from '@cloudless/proto';
import { buildFingerprint } from '@cloudless/proto/testing';
import { expect, test } from 'vitest';
import { createAgentBench } from './testing/agent-bench.ts';
import { buildAssignment } from './testing/build-assignment.ts';

const web = buildAssignment();
const id = web.allocationId;

test('an assignment becomes a running container, and its ports are reported', async () => {
  await using bench = createAgentBench();
  bench.coordinator.assignments = [web];
  await bench.start();
  await bench.run(200);
  expect(bench.coordinator.observed(id)).toMatchObject({
    phase: 'running',
    ready: true,
    restarts: 0,
    generation: 1,
    hostPorts: { http: 32_768 },
    cause: { code: 'started' },
  });
});

test('a killed container is started again at once, with the cause', async () => {
  await using bench = createAgentBench();
  bench.coordinator.assignments = [web];
  await bench.start();
  await bench.run(200);
  bench.runtime.crash(bench.runtime.containers[0]?.containerId ?? '', { code: 137 });
  await bench.run(150);
  expect(bench.coordinator.observed(id)).toMatchObject({
    phase: 'running',
    ready: true,
    restarts: 1,
    cause: { code: 'restarted' },
    exit: { code: 137 },
  });
  expect(bench.runtime.containers).toHaveLength(1);
});

test('a container that never stays backs off and fails when its retries are used up', async () => {
  await using bench = createAgentBench({ 'example/web:1': { exits: { afterMs: 5, exit: { code: 1, oomKilled: false } } } });
  bench.coordinator.assignments = [buildAssignment('web', { restartPolicy: { maxRetries: 3 } })];
  await bench.start();
  await bench.run(900);
  expect(bench.coordinator.observed(id)).toMatchObject({ phase: 'running', ready: false, cause: { code: 'back_off' } });
  await bench.run(20_000);
  expect(bench.coordinator.observed(id)).toMatchObject({
    phase: 'failed',
    ready: false,
    restarts: 3,
    cause: { code: 'restarts_exhausted' },
  });
  expect(bench.runtime.containers).toEqual([]);
  expect(bench.runtime.starts).toBe(4);
});

test('after a kill -9 containers are adopted within a second, without a restart', async () => {
  await using bench = createAgentBench();
  bench.coordinator.assignments = [web];
  await bench.start();
  await bench.run(200);
  await bench.kill();
  await bench.start();
  await bench.run(1000);
  expect(bench.coordinator.observed(id)).toMatchObject({ phase: 'running', ready: true, restarts: 0 });
  expect(bench.runtime.starts).toBe(1);
});

test('with no coordinator a crashed container is restarted, and the report catches up', async () => {
  await using bench = createAgentBench();
  bench.coordinator.assignments = [web];
  await bench.start();
  await bench.run(200);
  bench.coordinator.isReachable = false;
  bench.coordinator.pair?.sever();
  await bench.run(100);
  bench.runtime.crash(bench.runtime.containers[0]?.containerId ?? '');
  await bench.run(5000);
  expect(bench.runtime.containers[0]?.state).toBe('running');
  bench.coordinator.isReachable = true;
  await bench.run(11_000);
  expect(bench.coordinator.observed(id)).toMatchObject({ ready: true, restarts: 1 });
});

test('an agent that starts with no coordinator serves what it was assigned before', async () => {
  await using bench = createAgentBench();
  bench.coordinator.assignments = [web];
  await bench.start();
  await bench.run(200);
  await bench.kill();
  bench.coordinator.isReachable = false;
  bench.runtime.crash(bench.runtime.containers[0]?.containerId ?? '', { code: 255 });
  await bench.start();
  await bench.run(500);
  expect(bench.runtime.containers[0]?.state).toBe('running');
});

test('nothing is removed on absence before the first COMPLETE', async () => {
  await using bench = createAgentBench();
  bench.coordinator.assignments = [web];
  await bench.start();
  await bench.run(200);
  await bench.kill();
  await bench.state.saveHeld({ assignments: [], memories: [] });
  bench.coordinator.assignments = undefined;
  await bench.start();
  await bench.run(60_000);
  expect(bench.runtime.containers[0]?.state).toBe('running');
  bench.coordinator.assignments = [];
  bench.coordinator.pair?.sever();
  await bench.run(20_000);
  expect(bench.runtime.containers).toEqual([]);
});

test('a stop is asked for with grace, reported, and leaves no container', async () => {
  await using bench = createAgentBench();
  bench.coordinator.assignments = [web];
  await bench.start();
  await bench.run(200);
  bench.coordinator.put({ ...web, desired: 'stopped', generation: 2 });
  await bench.run(10);
  expect(bench.coordinator.observed(id)).toMatchObject({ phase: 'stopping', ready: false, generation: 2 });
  await bench.run(200);
  expect(bench.coordinator.observed(id)).toMatchObject({ phase: 'stopped', ready: false, generation: 2 });
  expect(bench.runtime.containers).toEqual([]);
  bench.coordinator.remove(id);
  await bench.run(100);
  expect((await bench.state.loadHeld()).memories).toEqual([]);
});

test('a stop that the engine never answers is asked for again', async () => {
  await using bench = createAgentBench();
  bench.coordinator.assignments = [web];
  await bench.start();
  await bench.run(200);
  const stop = bench.runtime.stop.bind(bench.runtime);
  let asked = 0;
  bench.runtime.stop = (containerId, graceMs, signal) => {
    asked += 1;
    return asked === 1 ? new Promise<never>(() => undefined) : stop(containerId, graceMs, signal);
  };
  bench.coordinator.put({ ...web, desired: 'stopped', generation: 2 });
  await bench.run(60_000);
  expect(asked).toBe(1);
  await bench.run(30_000);
  expect(bench.coordinator.observed(id)).toMatchObject({ phase: 'stopped' });
  expect(bench.runtime.containers).toEqual([]);
});

test('a fetch that is no longer wanted is given up', async () => {
  await using bench = createAgentBench({ 'example/web:1': { pullMs: 60_000 } });
  bench.coordinator.assignments = [web];
  await bench.start();
  await bench.run(1000);
  expect(bench.coordinator.observed(id)).toMatchObject({ phase: 'pulling', cause: { code: 'pulling' } });
  bench.coordinator.put({ ...web, desired: 'stopped', generation: 2 });
  await bench.run(100);
  expect(bench.coordinator.observed(id)).toMatchObject({ phase: 'stopped' });
  expect(bench.runtime.containers).toEqual([]);
});

test('a missing image and one for another platform fail with their codes', async () => {
  await using bench = createAgentBench({ 'example/arm:1': { platform: 'linux/arm64' } });
  const missing = buildAssignment('missing', { image: 'example/missing:1' });
  const arm = buildAssignment('arm', { image: 'example/arm:1' });
  bench.coordinator.assignments = [missing, arm];
  await bench.start();
  await bench.run(500);
  expect(bench.coordinator.observed(missing.allocationId)).toMatchObject({ phase: 'failed', cause: { code: 'image_not_found' } });
  expect(bench.coordinator.observed(arm.allocationId)).toMatchObject({
    phase: 'failed',
    cause: { code: 'image_platform_mismatch', params: { image: 'linux/arm64', device: 'linux/amd64' } },
  });
});

test('a registry that cannot be reached is tried again, and works when it is back', async () => {
  await using bench = createAgentBench({ 'example/web:1': { pullMs: 100 } });
  bench.runtime.failPulls(new CloudlessError('registry_unreachable', 'no route'));
  bench.coordinator.assignments = [web];
  await bench.start();
  await bench.run(500);
  expect(bench.coordinator.observed(id)).toMatchObject({ phase: 'pulling', cause: { code: 'registry_unreachable' } });
  expect(bench.coordinator.observed(id)?.nextTryAt).toBeGreaterThan(bench.clock.now());
  bench.runtime.failPulls(undefined);
  await bench.run(3000);
  expect(bench.coordinator.observed(id)).toMatchObject({ phase: 'running', ready: true });
});

test('an engine that is down is reported with its remedy, and everything runs again when it comes back', async () => {
  await using bench = createAgentBench();
  bench.runtime.goDown({ code: 'engine_stopped', message: 'run `sudo systemctl start docker`' });
  bench.coordinator.assignments = [web];
  await bench.start();
  await bench.run(1000);
  expect(bench.coordinator.said('hello')[0]?.fingerprint.engine).toMatchObject({
    state: 'stopped',
    cause: { message: 'run `sudo systemctl start docker`' },
  });
  bench.runtime.comeUp();
  await bench.run(7000);
  expect(bench.coordinator.observed(id)).toMatchObject({ phase: 'running', ready: true });
  expect(bench.coordinator.said('fingerprint').at(-1)?.fingerprint.engine.state).toBe('ready');
  bench.runtime.goDown(undefined, true);
  await bench.run(500);
  bench.runtime.comeUp();
  await bench.run(7000);
  expect(bench.coordinator.observed(id)).toMatchObject({ phase: 'running', ready: true, restarts: 1 });
});

test.each(['while it dials', 'while its disk takes the welcome'])('an engine that comes back %s is told of', async (when) => {
  const bench: ReturnType<typeof createAgentBench> = createAgentBench(
    {},
    {
      dial: async () => {
        if (when === 'while it dials') await bench.clock.sleep(800);
        return bench.coordinator.dial();
      },
      state: {
        loadIdentity: () => bench.state.loadIdentity(),
        saveIdentity: (identity) => bench.state.saveIdentity(identity),
        loadHeld: () => bench.state.loadHeld(),
        saveHeld: (held) => bench.clock.sleep(800).then(() => bench.state.saveHeld(held)),
      },
    },
  );
  await using _stopped = bench;
  bench.runtime.goDown();
  await bench.start();
  await bench.run(20);
  bench.runtime.comeUp();
  await bench.run(4000);
  const told = [...bench.coordinator.said('hello'), ...bench.coordinator.said('fingerprint')];
  expect(told.at(-1)?.fingerprint.engine.state).toBe('ready');
});

test('a gap in the changes asks for everything again, once', async () => {
  await using bench = createAgentBench();
  bench.coordinator.assignments = [];
  await bench.start();
  await bench.run(100);
  const { clusterId } = bench.identity;
  bench.coordinator.assignments = [web];
  bench.coordinator.send({ kind: 'incremental', clusterId, epoch: 1, token: 1, appliesTo: 99, resultsIn: 100, changes: [] });
  await bench.run(200);
  expect(bench.coordinator.said('resync')).toHaveLength(1);
  expect(bench.coordinator.observed(id)).toMatchObject({ phase: 'running' });
});

test('a COMPLETE of a lower token or of another cluster stops nothing and raises an alarm', async () => {
  await using bench = createAgentBench();
  bench.coordinator.assignments = [web];
  bench.coordinator.authority = { epoch: 2, token: 5 };
  await bench.start();
  await bench.run(200);
  const foreign = `cluster_${'b'.repeat(26)}` as typeof bench.identity.clusterId;
  const { clusterId } = bench.identity;
  for (const message of [
    { clusterId, epoch: 2, token: 4 },
    { clusterId, epoch: 1, token: 9 },
    { clusterId: foreign, epoch: 9, token: 9 },
  ]) {
    bench.coordinator.send({ kind: 'complete', ...message, revision: 50, assignments: [] });
    await bench.run(15_000);
    expect(bench.runtime.containers[0]?.state).toBe('running');
  }
  expect(bench.logger.events.filter(({ op }) => op === 'session.alarm')).toHaveLength(3);
  expect(bench.runtime.starts).toBe(1);
});

test('a half-open link is left within three heartbeats', async () => {
  await using bench = createAgentBench();
  await bench.start();
  await bench.run(2000);
  bench.coordinator.pair?.stall();
  await bench.run(6000);
  expect(bench.coordinator.sessions).toBe(2);
});

test('what a container printed is kept after it is gone', async () => {
  await using bench = createAgentBench({ 'example/web:1': { prints: ['one', 'two'] } });
  bench.coordinator.assignments = [web];
  await bench.start();
  await bench.run(200);
  bench.coordinator.remove(id);
  await bench.run(500);
  expect(bench.runtime.containers).toEqual([]);
  const lines = await bench.logs.read(id, { limit: 10 });
  expect(lines.map((line) => line.text)).toEqual(['one', 'two']);
});

test('a day without a coordinator changes nothing that runs: a crash is restarted, and so is everything after a reboot', async () => {
  await using bench = createAgentBench();
  const apps = ['one', 'two', 'three'].map((name) => buildAssignment(name));
  bench.coordinator.assignments = apps;
  await bench.start();
  await bench.run(500);
  const before = bench.runtime.containers.map(({ containerId }) => containerId);
  bench.coordinator.isReachable = false;
  bench.coordinator.pair?.sever();
  await bench.run(12 * 3_600_000);
  expect(bench.runtime.containers.map(({ containerId, state }) => [containerId, state])).toEqual(before.map((known) => [known, 'running']));
  expect(bench.runtime.starts).toBe(3);
  bench.runtime.crash(before[0] ?? '', { code: 1 });
  await bench.run(3_600_000);
  expect(bench.runtime.containers.map(({ state }) => state)).toEqual(['running', 'running', 'running']);
  expect(bench.runtime.starts).toBe(4);
  // The machine restarts: containers ended with it, and no coordinator is there.
  await bench.kill();
  for (const { containerId } of bench.runtime.containers) bench.runtime.crash(containerId, { code: 137 });
  await bench.start();
  await bench.run(11 * 3_600_000);
  expect(bench.runtime.containers.map(({ state }) => state)).toEqual(['running', 'running', 'running']);
  expect(bench.runtime.starts).toBe(7);
  bench.coordinator.isReachable = true;
  await bench.run(15_000);
  expect(apps.map(({ allocationId }) => bench.coordinator.observed(allocationId)?.ready)).toEqual([true, true, true]);
  expect(bench.runtime.starts).toBe(7);
});

test('a device that goes to sleep says so, stays away until it wakes, and then is back at once', async () => {
  let tell: (isAsleep: boolean) => void = () => undefined;
  await using bench = createAgentBench(undefined, {
    watchSleep(onSleep) {
      tell = onSleep;
      return { stop: () => undefined };
    },
  });
  await bench.start();
  await bench.run(200);
  tell(true);
  await bench.run(5000);
  expect(bench.coordinator.said('leave')).toMatchObject([{ why: 'sleep' }]);
  expect(bench.coordinator.sessions).toBe(1);
  tell(false);
  await bench.run(100);
  expect(bench.coordinator.sessions).toBe(2);
});

test('a device that is shut down says so before it ends, one that is only stopped does not, and neither touches a container', async () => {
  for (const isShutdown of [true, false]) {
    await using bench = createAgentBench();
    const assignment = buildAssignment();
    bench.coordinator.assignments = [assignment];
    const agent = await bench.start();
    await bench.run(2000);
    const stopped = agent.stop({ isShutdown });
    await bench.run(1000);
    await stopped;
    expect(bench.coordinator.said('leave')).toMatchObject(isShutdown ? [{ why: 'shutdown' }] : []);
    expect(bench.coordinator.sessions).toBe(1);
    expect(bench.runtime.containers.map(({ state }) => state)).toEqual(['running']);
  }
});

test('a shutdown that nobody answers holds the machine up for a second at most', async () => {
  await using bench = createAgentBench();
  const agent = await bench.start();
  await bench.run(2000);
  bench.coordinator.answers = false;
  let isStopped = false;
  const stopped = agent.stop({ isShutdown: true }).then(() => (isStopped = true));
  await bench.run(900);
  expect(isStopped).toBe(false);
  await bench.run(200);
  expect(isStopped).toBe(true);
  await stopped;
});

test('a device says by which kind of link it came, not the one on which the dial began, and tells of another at once', async () => {
  let type: 'unknown' | 'wired' | 'wifi' = 'unknown';
  let onChange = (_reason: string): void => undefined;
  await using bench = createAgentBench(undefined, {
    fingerprint: () => Promise.resolve(buildFingerprint({ link: { type } })),
    dial() {
      type = 'wired';
      return bench.coordinator.dial();
    },
    watchNetwork(listener) {
      onChange = listener;
      return { stop: () => undefined };
    },
  });
  await bench.start();
  await bench.run(100);
  expect(bench.coordinator.said('hello').map(({ fingerprint }) => fingerprint.link.type)).toEqual(['wired']);
  type = 'wifi';
  onChange('wlan0 has an address');
  await bench.run(100);
  expect(bench.coordinator.said('fingerprint').at(-1)?.fingerprint.link.type).toBe('wifi');
});
