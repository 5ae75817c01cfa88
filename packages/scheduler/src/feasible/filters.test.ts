import type { Cause, NodeRow, ProjectId, WorkloadSpecInput } from '@cloudless/proto';
import { buildAllocationRow, buildFingerprint, buildNodeRow, buildObserved, buildWorkloadRow } from '@cloudless/proto/testing';
import { describe, expect, it } from 'vitest';
import { NO_NODES } from '../node-list.ts';
import { computeAsk } from '../ask.ts';
import { decidePlan } from '../decide-plan.ts';
import { buildSnapshot } from '../testing/index.ts';
import { scanNodes } from '../scan.ts';
import { DEFAULT_WEIGHTS } from '../score/weights.ts';
import { FILTERS } from './filters.ts';

const GIB = 2 ** 30;
const stoppedEngine = buildFingerprint({
  engine: { state: 'stopped', cause: { code: 'engine_stopped', message: 'Docker is not running' } },
});
const inState = (word: NodeRow['state']['word']): Partial<NodeRow> => ({
  state: { word, cause: { code: 'silent', message: 'nothing was heard' }, sinceAt: 0 },
});

type Case = {
  readonly filter: string;
  readonly what: string;
  readonly node: Partial<NodeRow>;
  readonly spec?: Partial<WorkloadSpecInput>;
  readonly says: string;
  readonly remedy: Cause['code'];
};

/** One device that only this filter refuses. */
const CASES: readonly Case[] = [
  { filter: 'revoked', what: 'a removed device', node: { revokedAt: 1 }, says: 'pi was removed from the cluster', remedy: 'addDevice' },
  {
    filter: 'ready',
    what: 'a silent device',
    node: inState('unreachable'),
    says: 'pi is unreachable: nothing was heard',
    remedy: 'bringOnline',
  },
  {
    filter: 'ready',
    what: 'a device without a ready engine',
    node: { ...inState('degraded'), fingerprint: stoppedEngine },
    says: 'the container engine of pi is stopped: Docker is not running',
    remedy: 'startEngine',
  },
  {
    filter: 'ready',
    what: 'a device that answers on its bulk path alone',
    node: { state: { word: 'degraded', cause: { code: 'control_silent', message: 'it says nothing' }, sinceAt: 1 } },
    says: 'pi is degraded: it says nothing',
    remedy: 'bringOnline',
  },
  {
    filter: 'schedulable',
    what: 'a cordoned device',
    node: { schedulable: false },
    says: 'pi is cordoned: nothing new is placed there',
    remedy: 'uncordon',
  },
  {
    filter: 'lending',
    what: 'a device whose owner took it back',
    node: { lending: { pausedAt: 1 } },
    says: 'the owner took pi back',
    remedy: 'lend',
  },
  {
    filter: 'lending',
    what: 'a device outside its hours',
    node: {
      fingerprint: buildFingerprint({
        lending: { state: 'withheld', causes: [{ code: 'hours', message: 'It lends only from 22:00 to 07:00.' }] },
      }),
    },
    says: 'pi lends nothing now: It lends only from 22:00 to 07:00.',
    remedy: 'lend',
  },
  {
    filter: 'draining',
    what: 'a device that is emptied',
    node: { drain: { sinceAt: 1, purpose: 'empty', cause: { code: 'drained_by_person', message: 'Ada drains it.' } } },
    says: 'pi is being drained',
    remedy: 'stopDraining',
  },
  {
    filter: 'project',
    what: 'a device that is lent to another project',
    node: { lending: { projects: ['prj_other' as ProjectId] } },
    says: 'pi is lent to other projects only',
    remedy: 'lend',
  },
  {
    filter: 'leases',
    what: 'a device whose agent is too old for what runs at most once',
    node: { fingerprint: buildFingerprint({ leases: false }) },
    spec: { exclusive: true },
    says: 'the agent of pi holds no leases, which an exclusive app needs',
    remedy: 'updateAgent',
  },
  {
    filter: 'capacity',
    what: 'a device short of memory',
    node: { allocatable: { cpuMillicores: 4000, memoryBytes: 1.25 * GIB, storageBytes: 1024 * GIB } },
    spec: { resources: { requests: { memoryBytes: 2 * GIB } } },
    says: 'needs 2 GiB of memory, pi has 1.2 GiB free',
    remedy: 'lowerRequests',
  },
  {
    filter: 'capacity',
    what: 'a device short of processor',
    node: { allocatable: { cpuMillicores: 500, memoryBytes: 8 * GIB, storageBytes: 1024 * GIB } },
    spec: { resources: { requests: { cpuMillicores: 2000 } } },
    says: 'needs 2 cores, pi has 500 millicores free',
    remedy: 'lowerRequests',
  },
  {
    filter: 'capacity',
    what: 'a device short of disk',
    node: { allocatable: { cpuMillicores: 4000, memoryBytes: 8 * GIB, storageBytes: GIB } },
    spec: { resources: { requests: { storageBytes: 5 * GIB } } },
    says: 'needs 5 GiB of disk, pi has 1 GiB free',
    remedy: 'lowerRequests',
  },
];

function explain({ node, spec = {} }: Pick<Case, 'node' | 'spec'>) {
  const plan = decidePlan(buildSnapshot({ nodes: [buildNodeRow('pi', node)], workloads: [buildWorkloadRow('web', spec)] }));
  expect(plan.place).toEqual([]);
  const [unplaced] = plan.why[0]?.unplaced ?? [];
  return unplaced;
}

describe('each filter', () => {
  it.each(CASES)('$filter refuses $what, says why, and what would help', ({ filter, says, remedy, ...rest }) => {
    expect(explain(rest)).toMatchObject({ nodeCount: 1, reasons: [{ filter, nodeCount: 1, message: says }], remedy: { code: remedy } });
  });

  it('platform refuses devices of an architecture on which the image was found not to run, and no others', () => {
    const arm = (name: string): NodeRow => buildNodeRow(name, { fingerprint: buildFingerprint({ arch: 'arm64' }) });
    const web = buildWorkloadRow('web');
    const failed = buildAllocationRow(web, arm('pi'), 0, {
      desired: 'stopped',
      desiredCause: { code: 'failed', message: 'failed', params: { attempt: 1, retryAt: 0 } },
      observed: buildObserved({ phase: 'failed', ready: false, cause: { code: 'image_platform_mismatch', message: 'no such platform' } }),
    });
    const alone = decidePlan(buildSnapshot({ nodes: [arm('pi'), arm('nas')], workloads: [web], allocations: [failed] }));
    expect(alone.why[0]?.unplaced).toMatchObject([
      {
        reasons: [{ filter: 'platform', nodeCount: 2, message: 'example/web:1 is not built for arm64 (pi and nas)' }],
        remedy: { code: 'otherImage' },
      },
    ]);
    const laptop = buildNodeRow('laptop');
    const mixed = decidePlan(buildSnapshot({ nodes: [arm('pi'), laptop], workloads: [web], allocations: [failed] }));
    expect(mixed.place).toMatchObject([{ nodeId: laptop.id }]);
  });

  it('ports refuses a device whose port another app holds, and names the port', () => {
    const port = { ports: [{ name: 'http', containerPort: 80, hostPort: 8080 }] };
    const pi = buildNodeRow('pi');
    const other = buildWorkloadRow('other', port, { createdAt: 1 });
    const plan = decidePlan(
      buildSnapshot({ nodes: [pi], workloads: [other, buildWorkloadRow('web', port)], allocations: [buildAllocationRow(other, pi)] }),
    );
    expect(plan.why[1]?.unplaced).toMatchObject([
      {
        reasons: [{ filter: 'ports', message: 'host port TCP 8080 is taken on pi' }],
        remedy: { code: 'otherHostPort', message: 'use another host port than 8080, or 0 to let the engine choose' },
      },
    ]);
  });

  it.each(CASES)('$filter refuses $what when it is looked at quickly, too', ({ node, spec = {} }) => {
    const web = buildWorkloadRow('web', spec);
    const snapshot = buildSnapshot({ nodes: [buildNodeRow('pi', node)], workloads: [web] });
    const list = snapshot.nodesOfOrg.get(web.orgId) ?? NO_NODES;
    expect(list.nodes).toHaveLength(1);
    expect(scanNodes(computeAsk(snapshot, web), DEFAULT_WEIGHTS, list, undefined, () => -Infinity)).toBe(0);
  });

  it('is named by a case here', () => {
    const named = new Set([...CASES.map(({ filter }) => filter), 'platform', 'ports']);
    expect([...named].sort()).toEqual(FILTERS.map(({ name }) => name).sort());
  });
});

describe('an explanation', () => {
  it('counts each device once, under the first filter that refuses it', () => {
    const nodes = [
      buildNodeRow('a', { schedulable: false, allocatable: { cpuMillicores: 0, memoryBytes: 0, storageBytes: 1024 * GIB } }),
      buildNodeRow('b', inState('lost')),
      buildNodeRow('c', { allocatable: { cpuMillicores: 0, memoryBytes: 0, storageBytes: 1024 * GIB } }),
      buildNodeRow('d', inState('asleep')),
    ];
    const plan = decidePlan(buildSnapshot({ nodes, workloads: [buildWorkloadRow()] }));
    expect(plan.why[0]?.unplaced[0]?.reasons.map(({ filter, nodeCount }) => [filter, nodeCount])).toEqual([
      ['ready', 2],
      ['schedulable', 1],
      ['capacity', 1],
    ]);
  });

  it('advises to free room where a smaller request would be no app any more', () => {
    const found = explain({ node: { allocatable: { cpuMillicores: 4000, memoryBytes: 0, storageBytes: 1024 * GIB } } });
    expect(found?.remedy).toMatchObject({ code: 'freeCapacity', message: 'free 128 MiB of memory on pi' });
  });

  it('advises the device that lacks the smallest share', () => {
    const nodes = [
      buildNodeRow('far', { allocatable: { cpuMillicores: 4000, memoryBytes: GIB, storageBytes: 1024 * GIB } }),
      buildNodeRow('near', { allocatable: { cpuMillicores: 4000, memoryBytes: 3 * GIB, storageBytes: 1024 * GIB } }),
    ];
    const web = buildWorkloadRow('web', { resources: { requests: { memoryBytes: 4 * GIB } } });
    const plan = decidePlan(buildSnapshot({ nodes, workloads: [web] }));
    expect(plan.why[0]?.unplaced[0]?.remedy).toMatchObject({
      code: 'lowerRequests',
      message: 'lower the memory request to 3 GiB, or free 1 GiB of memory on near',
    });
  });

  it('says that the cluster has no device', () => {
    const plan = decidePlan(buildSnapshot({ workloads: [buildWorkloadRow()] }));
    expect(plan.why[0]?.unplaced).toMatchObject([
      {
        nodeCount: 0,
        reasons: [{ filter: 'nodes', message: 'the cluster has no device' }],
        remedy: { message: 'add a device with 100 millicores and 128 MiB of memory free' },
      },
    ]);
  });
});
