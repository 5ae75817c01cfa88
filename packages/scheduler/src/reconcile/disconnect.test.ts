import type { AllocationId, AllocationRow, NodeRow, WorkloadRow, WorkloadSpecInput } from '@cloudless/proto';
import { buildAllocationRow, buildNodeRow, buildObserved, buildWorkloadRow } from '@cloudless/proto/testing';
import { describe, expect, it } from 'vitest';
import { decidePlan } from '../decide-plan.ts';
import { countOperations, type Plan } from '../plan.ts';
import { buildSnapshot } from '../testing/index.ts';

const NOW = 1_700_000_100_000;
const laptop = buildNodeRow('laptop');
const pi = buildNodeRow('pi');
const nas = buildNodeRow('nas');
const inState = (row: NodeRow, word: NodeRow['state']['word']): NodeRow => ({ ...row, state: { ...row.state, word } });
const web = (disconnect: WorkloadSpecInput['disconnect'] = {}, overrides: Partial<WorkloadRow> = {}): WorkloadRow =>
  buildWorkloadRow('web', { disconnect }, overrides);

type Away = { readonly nodes: readonly NodeRow[]; readonly workload: WorkloadRow; readonly allocations: readonly AllocationRow[] };
/** The laptop has been silent for so long. */
const decideAfter = (silentMs: number, rows: Away): Plan =>
  decidePlan(buildSnapshot({ ...rows, workloads: [rows.workload], now: NOW, silentMs: new Map([[laptop.id, silentMs]]) }));

describe('a device that is away', () => {
  const gone = (word: NodeRow['state']['word'], disconnect: WorkloadSpecInput['disconnect']): Away => {
    const workload = web(disconnect);
    const away = inState(laptop, word);
    return { nodes: [away, pi], workload, allocations: [buildAllocationRow(workload, away)] };
  };

  it.each(['unreachable', 'asleep'] as const)('and is %s keeps its replicas until lostAfter, and the plan names that moment', (word) => {
    const before = decideAfter(19_000, gone(word, { lostAfterMs: 20_000 }));
    expect(before).toMatchObject({ place: [], stop: [], wakeAt: NOW + 1000 });
    expect(decideAfter(20_000, gone(word, { lostAfterMs: 20_000 }))).toMatchObject({
      stop: [],
      place: [{ nodeId: pi.id, cause: { code: 'nodeLost' } }],
    });
  });

  it('keeps them for longer than its own word lasts, where the app waits longer', () => {
    expect(decideAfter(61_000, gone('lost', { lostAfterMs: 300_000 }))).toMatchObject({ place: [], wakeAt: NOW + 239_000 });
    expect(decideAfter(300_000, gone('lost', { lostAfterMs: 300_000 })).place).toHaveLength(1);
  });

  it('is lost to apps with the usual limit when the store says so, though this leader has only just started to count', () => {
    expect(decideAfter(0, gone('lost', {})).place).toHaveLength(1);
    expect(decideAfter(0, gone('unreachable', {}))).toMatchObject({ place: [], wakeAt: NOW + 60_000 });
  });

  it('and said that it goes is replaced at once, however long the app would wait', () => {
    expect(decideAfter(0, gone('left', { lostAfterMs: 300_000 }))).toMatchObject({
      place: [{ nodeId: pi.id, cause: { code: 'nodeLost' } }],
    });
  });

  it.each(['unreachable', 'lost', 'left'] as const)('and is %s is waited for without end, where nothing is to be replaced', (word) => {
    const plan = decideAfter(1e9, gone(word, { replace: false }));
    expect(countOperations(plan)).toBe(0);
    expect(plan.wakeAt).toBeUndefined();
  });
});

describe('a device that comes back', () => {
  const named = (name: string, node: NodeRow, workload: WorkloadRow, overrides: Partial<AllocationRow>): AllocationRow =>
    buildAllocationRow(workload, node, 0, { id: `alloc_${name}` as AllocationId, ...overrides });
  const both = (disconnect: WorkloadSpecInput['disconnect'], restartedAt = 1000) => {
    const workload = web(disconnect);
    const original = named('original', laptop, workload, { createdAt: 1, observed: buildObserved({ sinceAt: restartedAt }) });
    const standIn = named('standin', pi, workload, { createdAt: 5000, observed: buildObserved({ sinceAt: 6000 }) });
    const plan = decidePlan(buildSnapshot({ nodes: [laptop, pi], workloads: [workload], allocations: [original, standIn] }));
    expect(plan.place).toEqual([]);
    return plan.stop.map(({ allocationId, cause }) => [allocationId, cause.code, cause.params?.['node']]);
  };

  it('goes on with its replica under keepOriginal, and the stand-in ends', () => {
    expect(both({ reconcile: 'keepOriginal' }, 9000)).toEqual([['alloc_standin', 'keptOriginal', 'laptop']]);
  });

  it('gives its replica up under keepReplacement', () => {
    expect(both({ reconcile: 'keepReplacement' })).toEqual([['alloc_original', 'keptReplacement', 'pi']]);
  });

  it('goes on under longestRunning, unless its replica was started again meanwhile', () => {
    expect(both({}, 1000)).toEqual([['alloc_standin', 'keptLongest', 'laptop']]);
    expect(both({}, 9000)).toEqual([['alloc_original', 'keptLongest', 'pi']]);
  });

  it('keeps the stand-in until its own replica is ready, under keepOriginal', () => {
    const workload = web({ reconcile: 'keepOriginal' });
    const original = named('original', laptop, workload, { createdAt: 1, observed: buildObserved({ ready: false }) });
    const standIn = named('standin', pi, workload, { createdAt: 5000 });
    const plan = decidePlan(buildSnapshot({ nodes: [laptop, pi], workloads: [workload], allocations: [original, standIn] }));
    expect(countOperations(plan)).toBe(0);
  });

  it('is not waited for under keepReplacement: its replica is told to stop once the stand-in serves', () => {
    const workload = web({ reconcile: 'keepReplacement' });
    const rows = [named('original', laptop, workload, {}), named('standin', pi, workload, { createdAt: 5000 })];
    const plan = decidePlan(buildSnapshot({ nodes: [inState(laptop, 'lost'), pi], workloads: [workload], allocations: rows }));
    expect(plan.stop).toMatchObject([{ allocationId: 'alloc_original', cause: { code: 'nodeLost' } }]);
  });

  it('is one of two at most that a slot waits for: the third is told to stop', () => {
    const workload = web();
    const lost = [inState(laptop, 'lost'), inState(pi, 'lost'), nas];
    const rows = [
      named('original', laptop, workload, { createdAt: 1, observed: buildObserved({ sinceAt: 1 }) }),
      named('second', pi, workload, { createdAt: 2, observed: buildObserved({ sinceAt: 2 }) }),
    ];
    const first = decidePlan(buildSnapshot({ nodes: lost, workloads: [workload], allocations: rows }));
    expect(first).toMatchObject({ stop: [{ allocationId: 'alloc_second' }], place: [{ nodeId: nas.id, replaces: 'alloc_original' }] });
  });
});
