import { buildAllocationRow, buildNodeRow, buildWorkloadRow } from '@cloudless/proto/testing';
import { describe, expect, it } from 'vitest';
import { decidePlan } from './decide-plan.ts';
import { previewPlan } from './preview.ts';
import { buildSnapshot } from './testing/index.ts';

const GIB = 2 ** 30;
const laptop = buildNodeRow('laptop');
const pi = buildNodeRow('pi');
const asks = (cpuMillicores: number, replicas = 1) => ({ replicas, resources: { requests: { cpuMillicores, memoryBytes: GIB } } });

describe('a preview', () => {
  it('shows the devices that a deploy then takes', () => {
    const web = buildWorkloadRow('web', asks(1500, 4));
    const nodes = [laptop, pi];
    const preview = previewPlan(buildSnapshot({ nodes }), web);
    const plan = decidePlan(buildSnapshot({ nodes, workloads: [web] }));
    expect(preview.placements.map(({ slot, nodeId }) => [slot, nodeId])).toEqual(plan.place.map(({ slot, nodeId }) => [slot, nodeId]));
    expect(preview).toMatchObject({ unplaced: [], requests: { cpuMillicores: 1500 }, basedOn: 1 });
  });

  it('says of every other device why not', () => {
    const busy = buildNodeRow('busy', { schedulable: false });
    const preview = previewPlan(buildSnapshot({ nodes: [laptop, pi, busy] }), buildWorkloadRow('web', asks(100)));
    expect(preview.rejected.map(({ nodeName, filter }) => [nodeName, filter])).toEqual([
      ['pi', 'score'],
      ['busy', 'schedulable'],
    ]);
    expect(preview.rejected[0]?.message).toMatch(/^pi fits; laptop scored higher \(0\.\d+ against 0\.\d+\)$/);
  });

  it('explains the replicas that would have no device', () => {
    const preview = previewPlan(buildSnapshot({ nodes: [laptop] }), buildWorkloadRow('web', asks(3000, 3)));
    expect(preview.placements).toHaveLength(1);
    expect(preview.unplaced.map(({ slot, reasons }) => [slot, reasons[0]?.filter])).toEqual([
      [1, 'capacity'],
      [2, 'capacity'],
    ]);
  });

  it("takes a workload's own allocations as gone, because an update ends without them", () => {
    const web = buildWorkloadRow('web', asks(3000));
    const snapshot = buildSnapshot({ nodes: [laptop], workloads: [web], allocations: [buildAllocationRow(web, laptop)] });
    expect(previewPlan(snapshot, buildWorkloadRow('web', asks(3500))).placements).toMatchObject([{ nodeId: laptop.id }]);
  });
});
