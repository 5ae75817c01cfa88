import type { NodeId, NodeRow, WorkloadId, WorkloadRow } from '@cloudless/proto';
import { buildNodeRow, buildWorkloadRow } from '@cloudless/proto/testing';
import { describe, expect, it } from 'vitest';
import { decidePlan, DEFAULT_OPTIONS } from './decide-plan.ts';
import { createWorld } from './testing/index.ts';

// oxlint-disable-next-line no-restricted-globals -- a ratio of two short times needs finer steps than the 10 ms of the real clock
const elapsedMs = (): number => performance.now();
const GIB = 2 ** 30;
const sample = buildNodeRow('sample');
const app = buildWorkloadRow('app', { resources: { requests: { cpuMillicores: 100, memoryBytes: GIB / 8 } } });

const manyNodes = (count: number): NodeRow[] =>
  Array.from({ length: count }, (_, index) => ({
    ...sample,
    id: `node_${index}` as NodeId,
    name: `n${index}`,
    allocatable: { cpuMillicores: 2000 + (index % 15) * 1000, memoryBytes: (4 + (index % 29)) * GIB },
  }));
const manyWorkloads = (count: number, replicas: number): WorkloadRow[] =>
  Array.from({ length: count }, (_, index) => ({
    ...app,
    id: `wl_${index}` as WorkloadId,
    name: `w${index}`,
    spec: { ...app.spec, replicas },
  }));

const unlimited = { ...DEFAULT_OPTIONS, maxOperations: Infinity };

/** How often a plan asks whether a node was removed, which is the first question of every examination. */
function countExaminations(nodeCount: number, workloads: readonly WorkloadRow[]): number {
  let examinations = 0;
  const nodes = manyNodes(nodeCount).map((row) =>
    Object.defineProperty(row, 'revokedAt', {
      get: () => {
        examinations += 1;
        return undefined;
      },
    }),
  );
  const snapshot = createWorld(nodes, workloads).snapshot();
  examinations = 0;
  decidePlan(snapshot, unlimited);
  return examinations;
}

/** The fastest of several, which disturbance can only lengthen. */
function measureDecision(nodeCount: number, workloads: readonly WorkloadRow[]): number {
  const snapshot = createWorld(manyNodes(nodeCount), workloads).snapshot();
  const times = Array.from({ length: 12 }, () => {
    const startedMs = elapsedMs();
    decidePlan(snapshot, unlimited);
    return elapsedMs() - startedMs;
  });
  return Math.min(...times);
}

describe('at 5,000 nodes', () => {
  it('a workload examines each node once, and each further replica one node more', () => {
    expect(countExaminations(5000, manyWorkloads(1, 1))).toBe(5000 + 1);
    expect(countExaminations(5000, manyWorkloads(1, 100))).toBe(5000 + 100);
    expect(countExaminations(5000, manyWorkloads(20, 10))).toBe(20 * (5000 + 10));
  });

  it('a plan takes not much more than ten times as long as at 500', () => {
    const workloads = manyWorkloads(20, 5);
    measureDecision(500, workloads);
    const ratio = measureDecision(5000, workloads) / measureDecision(500, workloads);
    // A quadratic step would make it a hundred; caches and the collector are what lies between.
    expect(ratio).toBeLessThan(30);
  });

  it('a plan for a cluster at rest examines no node', () => {
    const world = createWorld(manyNodes(5000), manyWorkloads(50, 10));
    world.converge(unlimited);
    const nodes = [...world.nodes.values()].map((row) =>
      Object.defineProperty({ ...row }, 'schedulable', {
        get: () => {
          throw new Error('a node was examined');
        },
      }),
    );
    for (const row of nodes) world.nodes.set(row.id, row);
    expect(decidePlan(world.snapshot(), unlimited)).toMatchObject({ place: [], stop: [], update: [], remove: [] });
  });
});
