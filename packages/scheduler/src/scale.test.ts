import type { NodeId, NodeRow, WorkloadId, WorkloadRow } from '@cloudless/proto';
import { buildNodeRow, buildWorkloadRow } from '@cloudless/proto/testing';
import { describe, expect, it, vi } from 'vitest';
import { decidePlan, DEFAULT_OPTIONS } from './decide-plan.ts';
import { countOperations } from './plan.ts';
import { createSettled, type Settled } from './reconcile/settled.ts';
import { createWorld, type World } from './testing/index.ts';

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
    allocatable: { cpuMillicores: 2000 + (index % 15) * 1000, memoryBytes: (4 + (index % 29)) * GIB, storageBytes: 1024 * GIB },
  }));
const manyWorkloads = (count: number, replicas: number): WorkloadRow[] =>
  Array.from({ length: count }, (_, index) => ({
    ...app,
    id: `wl_${index}` as WorkloadId,
    name: `w${index}`,
    spec: { ...app.spec, replicas },
  }));

const unlimited = { ...DEFAULT_OPTIONS, maxOperations: Infinity };

/** How many scores a plan computes: each takes two powers. */
function countScores(nodes: readonly NodeRow[], workloads: readonly WorkloadRow[], prepare = (_: World): void => undefined): number {
  const world = createWorld(nodes, workloads);
  prepare(world);
  const snapshot = world.snapshot();
  using powers = vi.spyOn(Math, 'exp');
  decidePlan(snapshot, unlimited);
  return powers.mock.calls.length / 2;
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
  it('scores the nodes that may win, not all', () => {
    const nodes = manyNodes(5000);
    // What is chosen is scored twice more: with the replica on it, and for the record.
    expect(countScores(nodes, manyWorkloads(1, 1))).toBeLessThan(20);
    expect(countScores(nodes, manyWorkloads(1, 100))).toBeLessThan(1000);
    expect(countScores(nodes, manyWorkloads(20, 10))).toBeLessThan(20 * 100);
  });

  it('a plan takes not much more than five times as long as at 1,000', () => {
    const workloads = manyWorkloads(20, 5);
    measureDecision(1000, workloads);
    const ratio = measureDecision(5000, workloads) / measureDecision(1000, workloads);
    // A quadratic step would make it twenty-five; caches and the collector are what lies between. Fewer nodes than a thousand fit into a cache.
    expect(ratio).toBeLessThan(15);
  });

  it('what is at rest is decided once', () => {
    const world = createWorld(manyNodes(1000), manyWorkloads(50, 40));
    world.converge(unlimited);
    const snapshot = world.snapshot();
    const settled = createSettled();
    const measure = (kept?: Settled): number => {
      const startedMs = elapsedMs();
      expect(countOperations(decidePlan(snapshot, unlimited, kept))).toBe(0);
      return elapsedMs() - startedMs;
    };
    const times = Array.from({ length: 12 }, () => ({ anew: measure(), again: measure(settled) }));
    expect(Math.min(...times.map(({ again }) => again))).toBeLessThan(Math.min(...times.map(({ anew }) => anew)) / 3);
  });

  it('a plan for a cluster at rest scores no node', () => {
    expect(countScores(manyNodes(5000), manyWorkloads(50, 10), (world) => void world.converge(unlimited))).toBe(0);
  });
});
