import type { Allocation, AllocationId, Usage } from '@cloudless/proto';
import { expect, it } from 'vitest';
import { sumUsage } from './sum-usage.ts';

const row = (id: string, phase: string) => ({ id, observed: { phase } }) as unknown as Allocation;
const usage = new Map([['alloc_a', [{ at: 1, cpuMillicores: 10, memoryBytes: 20, storageBytes: 30 }]]]) as unknown as ReadonlyMap<
  AllocationId,
  readonly Usage[]
>;

it('sums what runs, and does not know while a running one has no sample', () => {
  expect(sumUsage([], usage)).toEqual({ cpuMillicores: 0, memoryBytes: 0, storageBytes: 0 });
  expect(sumUsage([row('alloc_a', 'running'), row('alloc_b', 'pulling'), row('alloc_c', 'failed')], usage)).toEqual({
    cpuMillicores: 10,
    memoryBytes: 20,
    storageBytes: 30,
  });
  expect(sumUsage([row('alloc_a', 'running'), row('alloc_b', 'running')], usage)).toBeUndefined();
});
