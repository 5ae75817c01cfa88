import { expect, it } from 'vitest';
import { computeAllocatable } from './allocatable.ts';

const GIB = 2 ** 30;
const laptop = { capacity: { cpuMillicores: 8000, memoryBytes: 16 * GIB, storageBytes: 500 * GIB } };

it('keeps a share for the owner, within bounds', () => {
  expect(computeAllocatable(laptop)).toEqual({ cpuMillicores: 7200, memoryBytes: Math.floor(14.4 * GIB), storageBytes: 480 * GIB });
  const pi = { capacity: { cpuMillicores: 400, memoryBytes: GIB, storageBytes: GIB } };
  expect(computeAllocatable(pi)).toEqual({ cpuMillicores: 300, memoryBytes: 0.75 * GIB, storageBytes: GIB / 2 });
});

it('lends no more than the owner says, and no less than nothing', () => {
  const rule = { cpuMillicores: 1000, memoryBytes: GIB, storageBytes: 20 * GIB };
  expect(computeAllocatable(laptop, rule)).toEqual(rule);
  const full = { capacity: { cpuMillicores: 50, memoryBytes: 0, storageBytes: 0 } };
  expect(computeAllocatable(full, rule)).toEqual({ cpuMillicores: 0, memoryBytes: 0, storageBytes: 0 });
});
