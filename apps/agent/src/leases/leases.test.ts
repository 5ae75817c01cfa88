import { expect, test } from 'vitest';
import { createAgentBench } from '../testing/agent-bench.ts';
import { buildAssignment } from '../testing/build-assignment.ts';
import { GIVE_BACK_MS } from './give-back.ts';
import { createMemoryLeaseStore, type LeaseFile } from './lease-file.ts';

const LEASE_MS = 30_000;
const db = buildAssignment('db', { exclusive: true });
const id = db.allocationId;

/** An agent with one exclusive replica, whose coordinator grants leases. */
function open(assignment = db) {
  const leaseStore = createMemoryLeaseStore();
  const bench = createAgentBench({ 'example/web:1': {} }, { leaseStore });
  bench.coordinator.assignments = [assignment];
  bench.coordinator.leaseMs = LEASE_MS;
  const states = () => bench.runtime.containers.map(({ state }) => state);
  const cut = (): void => {
    bench.coordinator.isReachable = false;
    bench.coordinator.pair?.sever();
  };
  return Object.assign(bench, { leaseStore, states, cut });
}

test('an exclusive replica starts only with its lease, which is on the disk before', async () => {
  await using bench = open();
  bench.coordinator.leaseMs = 0;
  await bench.start();
  await bench.run(5000);
  expect(bench.runtime.containers).toEqual([]);
  expect(bench.coordinator.observed(id)).toMatchObject({ phase: 'pending', ready: false, cause: { code: 'leaseAwaited' } });
  bench.coordinator.leaseMs = LEASE_MS;
  let written: LeaseFile | undefined;
  const save = bench.leaseStore.save;
  bench.leaseStore.save = (file) => {
    expect(bench.runtime.starts).toBe(0);
    written = file;
    return save(file);
  };
  await bench.run(1500);
  expect(bench.coordinator.observed(id)).toMatchObject({ phase: 'running', ready: true, restarts: 0 });
  expect(written).toMatchObject({ nodeId: bench.identity.nodeId, leases: [{ allocationId: id }] });
});

test('a lease that is granted at once costs an exclusive replica no heartbeat of waiting', async () => {
  await using bench = open();
  await bench.start();
  await bench.run(300);
  expect(bench.coordinator.observed(id)).toMatchObject({ phase: 'running', ready: true });
});

test('a lease counts from when it was asked for, not from when the answer came', async () => {
  await using bench = open();
  await bench.start();
  await bench.run(300);
  const asked = bench.coordinator.said('heartbeat').filter(({ leases }) => leases?.includes(id));
  expect(asked).toHaveLength(1);
  const [lease] = (await bench.leaseStore.load())?.leases ?? [];
  expect(lease?.endsAtMs).toBeLessThanOrEqual(bench.clock.bootMs() - 100 + LEASE_MS);
});

test('it is renewed when a third has passed, so the disk is written no more often', async () => {
  await using bench = open();
  let saves = 0;
  const save = bench.leaseStore.save;
  bench.leaseStore.save = (file) => {
    saves += 1;
    return save(file);
  };
  await bench.start();
  await bench.run(60_000);
  expect(saves).toBeGreaterThanOrEqual(5);
  expect(saves).toBeLessThanOrEqual(7);
  expect(bench.runtime.starts).toBe(1);
});

test('without a coordinator it is stopped at the end of its lease, a crash is restarted until then and not after, and it comes back', async () => {
  await using bench = open();
  await bench.start();
  await bench.run(1000);
  bench.cut();
  await bench.run(10_000);
  bench.runtime.crash(bench.runtime.containers[0]?.containerId ?? '');
  await bench.run(2000);
  expect(bench.states()).toEqual(['running']);
  await bench.run(LEASE_MS - 12_000);
  expect(bench.states()).toEqual(['exited']);
  const startsThen = bench.runtime.starts;
  await bench.run(600_000);
  expect(bench.states()).toEqual(['exited']);
  expect(bench.runtime.starts).toBe(startsThen);
  bench.coordinator.isReachable = true;
  await bench.run(12_000);
  expect(bench.coordinator.observed(id)).toMatchObject({ phase: 'running', ready: true, restarts: 1 });
  expect(bench.runtime.starts).toBe(startsThen + 1);
});

test('an agent that starts again goes on with the lease that it held, and not beyond it', async () => {
  await using bench = open();
  await bench.start();
  await bench.run(1000);
  bench.cut();
  await bench.kill();
  await bench.start();
  await bench.run(20_000);
  expect(bench.states()).toEqual(['running']);
  expect(bench.runtime.starts).toBe(1);
  await bench.run(10_000);
  expect(bench.states()).toEqual(['exited']);
});

test('after a restart of the machine no lease holds: it does not start offline', async () => {
  await using bench = open();
  await bench.start();
  await bench.run(1000);
  bench.cut();
  await bench.kill();
  for (const { containerId } of bench.runtime.containers) bench.runtime.crash(containerId);
  const saved = await bench.leaseStore.load();
  Object.assign(bench.leaseStore, { bootId: 'another boot', load: () => Promise.resolve(saved) });
  const { starts } = bench.runtime;
  await bench.start();
  await bench.run(20_000);
  expect(bench.states()).toEqual(['exited']);
  expect(bench.runtime.starts).toBe(starts);
});

test('on a machine that is shut down it is stopped first, and its lease is given back when that is seen and on the disk', async () => {
  await using bench = open();
  const agent = await bench.start();
  await bench.run(1000);
  const order: string[] = [];
  const save = bench.leaseStore.save;
  bench.leaseStore.save = (file) => {
    order.push(`${file.leases.length} leases on the disk, ${bench.states().join()}`);
    return save(file);
  };
  const stopped = agent.stop({ isShutdown: true });
  await bench.run(3000);
  await stopped;
  expect(order).toEqual(['0 leases on the disk, exited']);
  expect(bench.coordinator.said('leave')).toMatchObject([{ why: 'shutdown', released: [id] }]);
  const { starts } = bench.runtime;
  bench.coordinator.isReachable = false;
  await bench.start();
  await bench.run(20_000);
  expect(bench.runtime.starts).toBe(starts);
  bench.coordinator.isReachable = true;
  await bench.run(12_000);
  expect(bench.coordinator.observed(id)).toMatchObject({ phase: 'running', ready: true, restarts: 0 });
});

test('what does not end in time keeps its lease, and holds a shutdown up no longer than that', async () => {
  await using bench = open(buildAssignment('db', { exclusive: true, terminationGraceMs: 60_000 }));
  const agent = await bench.start();
  await bench.run(1000);
  bench.runtime.stop = (_id, _graceMs, signal) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));
  let isStopped = false;
  const stopped = agent.stop({ isShutdown: true }).then(() => (isStopped = true));
  await bench.run(GIVE_BACK_MS - 100);
  expect(isStopped).toBe(false);
  await bench.run(1200);
  expect(isStopped).toBe(true);
  await stopped;
  expect(bench.coordinator.said('leave')).toHaveLength(1);
  expect(bench.coordinator.said('leave')[0]).not.toHaveProperty('released');
});

test('a start that is under way at the shutdown is waited for and ended before the lease is given back', async () => {
  await using bench = open();
  const agent = await bench.start();
  await bench.run(1000);
  const start = bench.runtime.start.bind(bench.runtime);
  // An engine goes on with what it was asked, whoever has gone meanwhile.
  bench.runtime.start = async (containerId) => {
    await bench.clock.sleep(2000);
    await start(containerId, new AbortController().signal);
  };
  bench.runtime.crash(bench.runtime.containers[0]?.containerId ?? '');
  await bench.run(500);
  const stopped = agent.stop({ isShutdown: true });
  await bench.run(4000);
  await stopped;
  expect(bench.coordinator.said('leave')).toMatchObject([{ released: [id] }]);
  expect(bench.states()).toEqual(['exited']);
  await bench.run(10_000);
  expect(bench.states()).toEqual(['exited']);
});

test('a disk that takes no lease starts nothing', async () => {
  await using bench = open();
  bench.leaseStore.save = () => Promise.reject(new Error('no space left on device'));
  await bench.start();
  await bench.run(5000);
  expect(bench.runtime.containers).toEqual([]);
  expect(bench.logger.events.filter(({ op }) => op === 'lease.write').length).toBeGreaterThan(0);
});

test('stopAfter stops what is not exclusive after that long without a coordinator, and it starts again when one answers', async () => {
  const web = buildAssignment('web', { disconnect: { stopAfterMs: 60_000 } });
  await using bench = open(web);
  await bench.start();
  await bench.run(1000);
  bench.cut();
  await bench.run(58_000);
  expect(bench.states()).toEqual(['running']);
  await bench.run(4000);
  expect(bench.states()).toEqual(['exited']);
  bench.coordinator.isReachable = true;
  await bench.run(12_000);
  expect(bench.coordinator.observed(web.allocationId)).toMatchObject({ phase: 'running', ready: true, restarts: 0 });
});

test('what stopAfter stopped does not start for a moment when it is no longer wanted on return', async () => {
  const web = buildAssignment('web', { disconnect: { stopAfterMs: 60_000 } });
  await using bench = open(web);
  await bench.start();
  await bench.run(1000);
  bench.cut();
  await bench.run(70_000);
  bench.coordinator.assignments = [{ ...web, desired: 'stopped', generation: 2 }];
  bench.coordinator.isReachable = true;
  await bench.run(12_000);
  expect(bench.coordinator.observed(web.allocationId)).toMatchObject({ phase: 'stopped' });
  expect(bench.runtime.starts).toBe(1);
});

/** With what `stopAfter` limits to a minute, and stopped for that. */
async function stoppedAlone() {
  const web = buildAssignment('web', { disconnect: { stopAfterMs: 60_000 } });
  const bench = open(web);
  await bench.start();
  await bench.run(1000);
  bench.cut();
  await bench.run(70_000);
  expect(bench.states()).toEqual(['exited']);
  return Object.assign(bench, { web });
}

test('what stopAfter stopped stays stopped, with its cause, however often the agent starts again, until a coordinator answers', async () => {
  await using bench = await stoppedAlone();
  for (let restart = 0; restart < 2; restart += 1) {
    await bench.kill();
    const agent = await bench.start();
    await bench.run(90_000);
    expect(bench.states()).toEqual(['exited']);
    expect(bench.runtime.starts).toBe(1);
    const [run] = agent.status().runs;
    expect(run).toMatchObject({ app: 'web', ready: false });
    expect(run?.cause).toContain('No coordinator was reached');
  }
  bench.coordinator.isReachable = true;
  await bench.run(12_000);
  expect(bench.coordinator.observed(bench.web.allocationId)).toMatchObject({ phase: 'running', ready: true, restarts: 0 });
});

test('what stopAfter stopped may run alone as long again after a restart, once a coordinator answered in between', async () => {
  await using bench = await stoppedAlone();
  await bench.kill();
  bench.coordinator.isReachable = true;
  await bench.start();
  await bench.run(5000);
  expect(bench.states()).toEqual(['running']);
  bench.cut();
  await bench.kill();
  await bench.start();
  await bench.run(50_000);
  expect(bench.states()).toEqual(['running']);
  await bench.run(20_000);
  expect(bench.states()).toEqual(['exited']);
});

test('what was still running at a restart may run alone for stopAfter from there: how long it was alone before is not known', async () => {
  await using bench = open(buildAssignment('web', { disconnect: { stopAfterMs: 60_000 } }));
  await bench.start();
  await bench.run(1000);
  bench.cut();
  await bench.run(40_000);
  await bench.kill();
  await bench.start();
  await bench.run(50_000);
  expect(bench.states()).toEqual(['running']);
  await bench.run(15_000);
  expect(bench.states()).toEqual(['exited']);
});
