import type { Allocation, CloudlessNode, Workload } from '@cloudless/proto';
import { describe, expect, it } from 'vitest';
import { composeFabric } from './fabric.ts';

const node = (id: string, cores: number, word = 'online', code = 'connected') =>
  ({
    id,
    state: { word, cause: { code } },
    allocatable: { cpuMillicores: cores * 1000, memoryBytes: cores * 2 ** 30 },
  }) as unknown as CloudlessNode;
const replica = (id: string, nodeId: string, slot: number, phase = 'running') =>
  ({ id, nodeId, workloadId: 'wl_a', slot, observed: { phase } }) as unknown as Allocation;

describe('the fabric', () => {
  it('draws a larger device larger, and never hides a small one', () => {
    const { tiles } = composeFabric([node('n1', 1), node('n2', 4), node('n3', 400)], [], []);
    const [small, middle, large] = tiles.map(({ weight }) => weight);
    expect(small).toBe(1);
    expect(middle).toBe(2);
    expect(large).toBe(4);
  });
  it('keeps the key of a replica slot on whatever device it runs', () => {
    const nodes = [node('n1', 1), node('n2', 1)];
    const before = composeFabric(nodes, [], [replica('alloc_1', 'n1', 0)]).tiles[0]?.chips[0]?.slotKey;
    const after = composeFabric(nodes, [], [replica('alloc_1', 'n1', 0, 'failed'), replica('alloc_2', 'n2', 0)]);
    expect(after.tiles[0]?.chips).toEqual([]);
    expect(after.tiles[1]?.chips[0]?.slotKey).toBe(before);
  });
  it('leaves out devices that left, and shows what no device holds', () => {
    const workload = { id: 'wl_a', status: { unplaced: [{ slot: 0 }, { slot: 1 }] } } as unknown as Workload;
    const fabric = composeFabric([node('n1', 1, 'left')], [workload], []);
    expect(fabric.tiles).toEqual([]);
    expect(composeFabric([node('n1', 1, 'left', 'shut_down')], [], []).tiles).toHaveLength(1);
    expect(fabric.waiting).toEqual([{ workload, missing: 2 }]);
  });
});
