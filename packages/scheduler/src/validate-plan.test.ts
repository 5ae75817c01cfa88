import { buildAllocationRow, buildNodeRow, buildWorkloadRow } from '@cloudless/proto/testing';
import { describe, expect, it } from 'vitest';
import { decidePlan } from './decide-plan.ts';
import type { Plan } from './plan.ts';
import { buildSnapshot } from './testing/index.ts';
import { validatePlan } from './validate-plan.ts';

const GIB = 2 ** 30;
const laptop = buildNodeRow('laptop');
const web = buildWorkloadRow('web', { resources: { requests: { cpuMillicores: 3000, memoryBytes: GIB } } });
const placing = decidePlan(buildSnapshot({ nodes: [laptop], workloads: [web] }));
const running = buildAllocationRow(web, laptop);
const stopping = decidePlan(buildSnapshot({ nodes: [laptop], workloads: [{ ...web, runState: 'stopped' }], allocations: [running] }));
const nothing: Plan = { basedOn: 1, place: [], update: [], stop: [], remove: [], why: [], truncated: false };

const rules = (plan: Plan, rows: Parameters<typeof buildSnapshot>[0]): string[] =>
  validatePlan(plan, buildSnapshot(rows)).map(({ rule }) => rule);

describe('a plan is', () => {
  it('valid on the state that it was decided on', () => {
    expect(rules(placing, { nodes: [laptop], workloads: [web] })).toEqual([]);
    expect(rules(stopping, { nodes: [laptop], workloads: [web], allocations: [running] })).toEqual([]);
  });

  it.each([
    ['slotWanted', 'its workload was stopped', { nodes: [laptop], workloads: [{ ...web, runState: 'stopped' as const }] }],
    ['slotWanted', 'its workload is gone', { nodes: [laptop], workloads: [] }],
    ['templateCurrent', 'its workload was updated', { nodes: [laptop], workloads: [{ ...web, templateGeneration: 2 }] }],
    ['schedulable', 'its device was cordoned', { nodes: [{ ...laptop, schedulable: false }], workloads: [web] }],
    ['revoked', 'its device was removed', { nodes: [{ ...laptop, revokedAt: 1 }], workloads: [web] }],
    ['sameOrganisation', 'its device is gone', { nodes: [], workloads: [web] }],
    [
      'capacity',
      'its device shrank',
      { nodes: [{ ...laptop, allocatable: { cpuMillicores: 1000, memoryBytes: GIB, storageBytes: 1024 * GIB } }], workloads: [web] },
    ],
  ])('refused by %s when %s', (rule, _, rows) => {
    expect(rules(placing, rows)).toEqual([rule]);
  });

  it('refused when the slot was filled meanwhile', () => {
    const bigLaptop = { ...laptop, allocatable: { cpuMillicores: 9000, memoryBytes: 9 * GIB, storageBytes: 1024 * GIB } };
    expect(rules(placing, { nodes: [bigLaptop], workloads: [web], allocations: [running] })).toEqual(['oneAllocationPerSlot']);
  });

  it('refused when its own placements do not fit together', () => {
    const doubled = { ...placing, place: [...placing.place, ...placing.place.map((one) => ({ ...one, slot: 1 }))] };
    const two = { ...web, spec: { ...web.spec, replicas: 2 } };
    expect(rules(doubled, { nodes: [laptop], workloads: [two] })).toEqual(['capacity']);
  });

  it('refused when what it changes is gone, or told to stop already', () => {
    expect(rules(stopping, { nodes: [laptop], workloads: [web] })).toEqual(['targetExists']);
    const told = { ...running, desired: 'stopped' as const };
    expect(rules(stopping, { nodes: [laptop], workloads: [web], allocations: [told] })).toEqual(['stopOnce']);
  });

  it('refused when it changes one allocation twice', () => {
    const cause = { code: 'x', message: 'x' };
    const twice = { ...nothing, stop: [{ allocationId: running.id, cause }], remove: [{ allocationId: running.id, cause }] };
    expect(rules(twice, { nodes: [laptop], workloads: [web], allocations: [running] })).toEqual(['oneChangeEach']);
  });
});
