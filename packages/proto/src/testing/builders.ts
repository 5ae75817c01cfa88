import type { AllocationObserved, AllocationRow } from '../allocation.ts';
import type { AllocationId, NodeId, OrgId, ProjectId, WorkloadId } from '../ids.ts';
import type { Fingerprint, NodeRow } from '../node.ts';
import { workloadSpecSchema, type WorkloadRow, type WorkloadSpecInput } from '../workload.ts';

/** `id('node', 'a')` is a valid id that a reader of a failing test recognises. */
const id = (prefix: string, name: string): string =>
  `${prefix}_${name
    .toLowerCase()
    .replaceAll(/[^a-z2-7]/g, '')
    .padEnd(26, 'a')
    .slice(0, 26)}`;

const ORG = id('org', 'home') as OrgId;
const PROJECT = id('prj', 'default') as ProjectId;
const AT = 1_700_000_000_000;
const GIB = 2 ** 30;

export function buildFingerprint(overrides: Partial<Fingerprint> = {}): Fingerprint {
  return {
    hostname: 'laptop',
    os: 'Debian 12',
    arch: 'amd64',
    kernel: '6.1',
    agentVersion: '0.1.0',
    engine: {
      state: 'ready',
      name: 'docker',
      version: '20.10',
      platform: 'linux/amd64',
      runtimes: ['runc'],
      cgroup: 'v2',
      rootless: false,
    },
    capacity: { cpuMillicores: 4000, memoryBytes: 8 * GIB, storageBytes: 100 * GIB },
    power: { source: 'mains' },
    link: { type: 'wired' },
    leases: true,
    ...overrides,
  };
}

export function buildNodeRow(name = 'laptop', overrides: Partial<NodeRow> = {}): NodeRow {
  return {
    id: id('node', name) as NodeId,
    orgId: ORG,
    name,
    labels: {},
    schedulable: true,
    fingerprint: buildFingerprint({ hostname: name }),
    allocatable: { cpuMillicores: 4000, memoryBytes: 8 * GIB, storageBytes: 100 * GIB },
    state: { word: 'online', cause: { code: 'connected', message: 'connected' }, sinceAt: AT },
    certificate: { serial: '01', notAfter: AT + 86_400_000 },
    joinedAt: AT,
    updatedAt: AT,
    ...overrides,
  };
}

export function buildWorkloadRow(name = 'web', spec: Partial<WorkloadSpecInput> = {}, overrides: Partial<WorkloadRow> = {}): WorkloadRow {
  return {
    id: id('wl', name) as WorkloadId,
    orgId: ORG,
    projectId: PROJECT,
    name,
    labels: {},
    annotations: {},
    spec: workloadSpecSchema.parse({ image: 'example/web:1', ...spec }),
    generation: 1,
    templateGeneration: 1,
    runState: 'running',
    createdAt: AT,
    updatedAt: AT,
    ...overrides,
  };
}

export function buildObserved(overrides: Partial<AllocationObserved> = {}): AllocationObserved {
  return {
    phase: 'running',
    ready: true,
    cause: { code: 'running', message: 'runs' },
    restarts: 0,
    sinceAt: AT,
    generation: 1,
    hostPorts: {},
    ...overrides,
  };
}

export function buildAllocationRow(workload: WorkloadRow, node: NodeRow, slot = 0, overrides: Partial<AllocationRow> = {}): AllocationRow {
  return {
    id: id('alloc', `${workload.name}${'abcdefghijklmnopqrstuvwxyz'.charAt(slot)}${node.name}`) as AllocationId,
    orgId: workload.orgId,
    projectId: workload.projectId,
    workloadId: workload.id,
    workloadName: workload.name,
    nodeId: node.id,
    slot,
    templateGeneration: workload.templateGeneration,
    spec: workload.spec,
    desired: 'running',
    desiredGeneration: 1,
    desiredCause: { code: 'placed', message: 'placed' },
    placement: { score: 1, terms: {}, message: 'fits' },
    observed: buildObserved(),
    createdAt: AT,
    updatedAt: AT,
    ...overrides,
  };
}
