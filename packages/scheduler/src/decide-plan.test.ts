import type { AllocationId, WorkloadRow } from '@cloudless/proto';
import { buildAllocationRow, buildFingerprint, buildNodeRow, buildObserved, buildWorkloadRow } from '@cloudless/proto/testing';
import { describe, expect, it } from 'vitest';
import { decidePlan, DEFAULT_OPTIONS } from './decide-plan.ts';
import { buildSnapshot, createWorld } from './testing/index.ts';

const GIB = 2 ** 30;
const requests = (cpuMillicores: number, memoryBytes = GIB) => ({ resources: { requests: { cpuMillicores, memoryBytes } } });
const laptop = buildNodeRow('laptop');
const pi = buildNodeRow('pi');

describe('a placement', () => {
  it('packs onto the device that is fuller, so that another stays free', () => {
    const here = buildWorkloadRow('here', requests(2000, 4 * GIB));
    const next = buildWorkloadRow('next', requests(500));
    const plan = decidePlan(
      buildSnapshot({ nodes: [pi, laptop], workloads: [here, next], allocations: [buildAllocationRow(here, laptop)] }),
    );
    expect(plan.place).toMatchObject([{ workloadId: next.id, nodeId: laptop.id, cause: { code: 'wanted' } }]);
    expect(plan.place[0]?.message).toMatch(/^laptop scored best of 2 devices that fit \(2 looked at\): \d+ % full with it$/);
  });

  it('prefers evenly filled devices over one full in a single dimension', () => {
    const lopsided = buildNodeRow('lopsided', { allocatable: { cpuMillicores: 1000, memoryBytes: 16 * GIB, storageBytes: 1024 * GIB } });
    const even = buildNodeRow('even', { allocatable: { cpuMillicores: 2000, memoryBytes: 2 * GIB, storageBytes: 1024 * GIB } });
    const plan = decidePlan(buildSnapshot({ nodes: [lopsided, even], workloads: [buildWorkloadRow('web', requests(1000))] }));
    expect(plan.place[0]?.nodeId).toBe(even.id);
  });

  it('prefers a wired device over one on mobile data', () => {
    const phone = buildNodeRow('a-phone', { fingerprint: buildFingerprint({ link: { type: 'mobile' } }) });
    const plan = decidePlan(buildSnapshot({ nodes: [phone, laptop], workloads: [buildWorkloadRow()] }));
    expect(plan.place).toMatchObject([{ nodeId: laptop.id, terms: { networkPenalty: 0 } }]);
  });

  it('tries another device first after this template failed on one', () => {
    const web = buildWorkloadRow('web');
    const failed = buildAllocationRow(web, laptop, 0, {
      desired: 'stopped',
      desiredCause: { code: 'failed', message: 'failed', params: { attempt: 1, retryAt: 0 } },
      observed: buildObserved({ phase: 'failed', ready: false }),
    });
    const plan = decidePlan(buildSnapshot({ nodes: [laptop, pi], workloads: [web], allocations: [failed] }));
    expect(plan.place).toMatchObject([{ nodeId: pi.id, cause: { code: 'replacesFailed' } }]);
  });

  it('goes to the lower id among equals', () => {
    const nodes = ['c', 'a', 'b'].map((name) => buildNodeRow(name));
    const plan = decidePlan(buildSnapshot({ nodes, workloads: [buildWorkloadRow()] }));
    expect(plan.place[0]?.nodeId).toBe(buildNodeRow('a').id);
  });

  it('counts what the same plan has placed before', () => {
    const workloads = [buildWorkloadRow('one', requests(3000)), buildWorkloadRow('two', requests(3000))];
    const plan = decidePlan(buildSnapshot({ nodes: [laptop], workloads }));
    expect(plan.place).toHaveLength(1);
    expect(plan.why.find((why) => why.workloadId === workloads[1]?.id)?.unplaced).toMatchObject([
      { slot: 0, nodeCount: 1, reasons: [{ filter: 'capacity', nodeCount: 1 }] },
    ]);
  });

  it('serves the older workload first', () => {
    const old = buildWorkloadRow('zebra', requests(3000), { createdAt: 1 });
    const young = buildWorkloadRow('ant', requests(3000), { createdAt: 2 });
    expect(decidePlan(buildSnapshot({ nodes: [laptop], workloads: [young, old] })).place).toMatchObject([{ workloadId: old.id }]);
  });

  it('gives a fixed host port of a device away once', () => {
    const web = buildWorkloadRow('web', { replicas: 3, ports: [{ name: 'http', containerPort: 80, hostPort: 8080 }] });
    const plan = decidePlan(buildSnapshot({ nodes: [laptop, pi], workloads: [web] }));
    expect(plan.place.map((placement) => placement.nodeId).sort()).toEqual([laptop.id, pi.id].sort());
    expect(plan.why[0]?.unplaced).toMatchObject([{ slot: 2, reasons: [{ filter: 'ports', nodeCount: 2 }] }]);
  });

  it("never uses another organisation's device", () => {
    const foreign = buildNodeRow('foreign', { orgId: 'org_foreign' as WorkloadRow['orgId'] });
    const plan = decidePlan(buildSnapshot({ nodes: [foreign], workloads: [buildWorkloadRow()] }));
    expect(plan.place).toEqual([]);
    expect(plan.why[0]?.unplaced[0]).toMatchObject({ nodeCount: 0, remedy: { code: 'addDevice' } });
  });

  it('holds no more operations than it may, and says that more is due', () => {
    const world = createWorld(
      [buildNodeRow('big', { allocatable: { cpuMillicores: 64_000, memoryBytes: 64 * GIB, storageBytes: 1024 * GIB } })],
      [buildWorkloadRow('web', { replicas: 25 })],
    );
    const options = { ...DEFAULT_OPTIONS, maxOperations: 10 };
    const first = decidePlan(world.snapshot(), options);
    expect([first.place.length, first.truncated]).toEqual([10, true]);
    world.converge(options);
    expect(world.allocations()).toHaveLength(25);
  });
});

describe('an update', () => {
  const spec = requests(3000);
  const changed = buildWorkloadRow('web', spec, { generation: 2, templateGeneration: 2 });
  const old = (node = laptop, overrides = {}) =>
    buildAllocationRow(changed, node, 0, { id: 'alloc_old' as AllocationId, templateGeneration: 1, ...overrides });

  it('starts the new replica beside the old one where there is room', () => {
    const plan = decidePlan(buildSnapshot({ nodes: [laptop, pi], workloads: [changed], allocations: [old()] }));
    expect(plan).toMatchObject({ place: [{ nodeId: pi.id, replaces: 'alloc_old', cause: { code: 'outdated' } }], stop: [] });
  });

  it('stops the old replica first where no device has room for both, and names it', () => {
    const plan = decidePlan(buildSnapshot({ nodes: [laptop], workloads: [changed], allocations: [old()] }));
    expect(plan).toMatchObject({ place: [], stop: [{ allocationId: 'alloc_old', cause: { code: 'updateInPlace' } }] });
  });

  it('stops the next replica only when the one before is replaced', () => {
    const two = buildWorkloadRow('web', { ...requests(1500), replicas: 2 }, { generation: 2, templateGeneration: 2 });
    const rowOf = (slot: number, more = {}) => buildAllocationRow(two, laptop, slot, { templateGeneration: 1, ...more });
    const ended = rowOf(0, { desired: 'stopped', observed: buildObserved({ phase: 'stopped', ready: false }) });
    const plan = decidePlan(buildSnapshot({ nodes: [laptop], workloads: [two], allocations: [ended, rowOf(1)] }));
    expect(plan).toMatchObject({ place: [{ slot: 0 }], stop: [] });
  });

  it('gives the room of what it stopped to its successor, before an older app that waits for room', () => {
    const older = buildWorkloadRow('older', requests(3000), { createdAt: changed.createdAt - 1000 });
    const cause = { code: 'updateInPlace', message: 'it stops first' };
    const ended = old(laptop, {
      desired: 'stopped',
      desiredCause: cause,
      observed: buildObserved({ phase: 'stopped', ready: false }),
    });
    const snapshot = { nodes: [laptop], workloads: [older, changed], allocations: [ended] };
    expect(decidePlan(buildSnapshot(snapshot))).toMatchObject({ place: [{ workloadId: changed.id }] });
    const successor = old(laptop, { id: 'alloc_new' as AllocationId, templateGeneration: 2, observed: buildObserved({ phase: 'failed' }) });
    const failed = { ...successor, desired: 'stopped' as const };
    const later = decidePlan(buildSnapshot({ ...snapshot, allocations: [ended, failed] }));
    expect(later.place[0]).toMatchObject({ workloadId: older.id });
  });

  it('keeps the old replica where the new one fits nowhere, and explains it', () => {
    const bigger = buildWorkloadRow('web', requests(9000), { generation: 2, templateGeneration: 2 });
    const kept = buildAllocationRow(buildWorkloadRow('web', spec), laptop);
    const plan = decidePlan(buildSnapshot({ nodes: [laptop], workloads: [bigger], allocations: [kept] }));
    expect(plan).toMatchObject({ place: [], stop: [], why: [{ unplaced: [{ slot: 0, reasons: [{ filter: 'capacity' }] }] }] });
  });

  it('changes settings that need no new container on the spot', () => {
    const before = buildWorkloadRow('web', { restartPolicy: { maxRetries: 5 } });
    const after = { ...before, generation: 2, spec: { ...before.spec, restartPolicy: { ...before.spec.restartPolicy, maxRetries: 9 } } };
    const allocation = buildAllocationRow(before, laptop);
    const plan = decidePlan(buildSnapshot({ nodes: [laptop], workloads: [after], allocations: [allocation] }));
    expect(plan).toMatchObject({ place: [], stop: [], update: [{ allocationId: allocation.id, cause: { code: 'specChanged' } }] });
  });

  it('tells nobody of a changed number of replicas', () => {
    const before = buildWorkloadRow('web', { replicas: 1 });
    const after = { ...before, generation: 2, spec: { ...before.spec, replicas: 2 } };
    const plan = decidePlan(buildSnapshot({ nodes: [laptop], workloads: [after], allocations: [buildAllocationRow(before, laptop)] }));
    expect(plan).toMatchObject({ update: [], stop: [], place: [{ slot: 1 }] });
  });
});
