import type { WorkloadId, WorkloadSpecInput } from '@cloudless/proto';
import { buildNodeRow, buildWorkloadRow } from '@cloudless/proto/testing';
import { createSnapshot, decidePlan, DEFAULT_OPTIONS } from '@cloudless/scheduler';
import { figuresOf, type Measure, type Result } from './figures.ts';

const NODES = 5000;
/** Enough that the 99th percentile rests on 25 of them. */
const DECISIONS = 2500;
const REPLICAS = 1000;
const GIB = 2 ** 30;
const MIB = 2 ** 20;

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
/** A different word for each number, of letters only. */
const word = (index: number): string =>
  `n${String(index)
    .padStart(5, '0')
    .replaceAll(/\d/g, (digit) => LETTERS[Number(digit)] ?? 'a')}`;

const nodes = Array.from({ length: NODES }, (_, index) =>
  buildNodeRow(word(index), {
    allocatable: { cpuMillicores: 2000 + (index % 15) * 1000, memoryBytes: (4 + (index % 29)) * GIB, storageBytes: 1024 * GIB },
  }),
);

function snapshotOf(name: string, spec: Partial<WorkloadSpecInput>, seed: number) {
  const row = buildWorkloadRow(name, spec);
  return createSnapshot({
    revision: 1,
    now: row.createdAt,
    seed,
    nodes,
    workloads: [{ ...row, id: row.id as WorkloadId }],
    allocations: [],
  });
}

/** B1: one decision at 5,000 nodes, with its explanation; and one job of 1,000 identical replicas. */
export function measureScheduling(): Promise<Result> {
  const single: number[] = [];
  for (let turn = 0; turn < DECISIONS; turn += 1) {
    const requests = { cpuMillicores: 100 + (turn % 500), memoryBytes: GIB / 4 + Math.floor(turn / 500) * MIB };
    const snapshot = snapshotOf(word(turn), { resources: { requests } }, turn);
    const startedAt = performance.now();
    const plan = decidePlan(snapshot);
    single.push(performance.now() - startedAt);
    if (plan.place.length !== 1) throw new Error('a single replica was not placed');
  }
  const job = snapshotOf('job', { replicas: 100 }, 1);
  const rates: number[] = [];
  for (let turn = 0; turn < 20; turn += 1) {
    const startedAt = performance.now();
    const plan = decidePlan(job, { ...DEFAULT_OPTIONS, maxOperations: REPLICAS });
    rates.push(plan.place.length / ((performance.now() - startedAt) / 1000));
  }
  const decision = figuresOf(single);
  const perSecond = figuresOf(rates);
  const measures: Measure[] = [
    {
      name: 'one heterogeneous replica',
      unit: 'ms',
      value: decision.p50,
      figures: decision,
      raw: single,
      goal: 'P50 ≤ 0.15, P99 ≤ 1',
      met: decision.p50 <= 0.15 && decision.p99 <= 1,
      note: 'decision alone: the snapshot stands',
    },
    {
      name: '100 identical replicas of one app',
      unit: 'placements/s',
      value: perSecond.p50,
      figures: perSecond,
      raw: rates,
      goal: '≥ 1,000,000',
      met: perSecond.p50 >= 1_000_000,
      note: 'an app has at most 100 replicas, and at that rate they would take 0.1 ms: less than one look at all devices takes, which is most of the line above. What would reach it: an index of devices that are equal, so that one of each kind is looked at',
    },
  ];
  return Promise.resolve({
    id: 'B1',
    title: `Scheduling decision at ${NODES.toLocaleString('en')} nodes`,
    method: `\`decidePlan\` over a snapshot of ${NODES} nodes of 435 sizes; ${DECISIONS.toLocaleString('en')} apps with different requests, one at a time, with explanations on; one process, one thread.`,
    measures,
    leftOut: ['spread, anti-affinity, taints: not served yet', 'building the snapshot', 'committing the placement'],
  });
}
