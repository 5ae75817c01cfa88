import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { AllocationId, ProjectId } from './ids.ts';
import { listUnlent, type Claim } from './unlent.ts';

const GIB = 2 ** 30;
const idOf = (n: number): AllocationId => `alloc_${String(n).padStart(26, '0')}` as AllocationId;
const OURS = `proj_${'a'.repeat(26)}` as ProjectId;
const THEIRS = `proj_${'b'.repeat(26)}` as ProjectId;
const claim = (n: number, gib: number, more: Partial<Claim> = {}): Claim => ({
  allocationId: idOf(n),
  projectId: OURS,
  requests: { cpuMillicores: 100, memoryBytes: gib * GIB, storageBytes: 0 },
  isRunning: false,
  ...more,
});

it('refuses nothing without a ceiling or projects', () => {
  expect(listUnlent({ mainsOnly: true }, [claim(1, 900)]).size).toBe(0);
});

it('refuses what is beyond a ceiling, and never what runs for what does not', () => {
  const unlent = listUnlent({ memoryBytes: 2 * GIB }, [claim(1, 1), claim(2, 1, { isRunning: true }), claim(3, 1, { isRunning: true })]);
  expect([...unlent]).toEqual([[idOf(1), 'room']]);
});

it('gives what still fits its room beside something too large', () => {
  const unlent = listUnlent({ memoryBytes: 2 * GIB }, [claim(1, 4), claim(2, 2)]);
  expect([...unlent]).toEqual([[idOf(1), 'room']]);
});

it('refuses another project, which takes no room either', () => {
  const unlent = listUnlent({ memoryBytes: GIB, projects: [OURS] }, [claim(1, 1, { projectId: THEIRS, isRunning: true }), claim(2, 1)]);
  expect([...unlent]).toEqual([[idOf(1), 'project']]);
});

it('keeps within every ceiling, in whatever order the claims come', () => {
  const claims = fc.uniqueArray(fc.record({ n: fc.nat(40), gib: fc.integer({ min: 0, max: 5 }), isRunning: fc.boolean() }), {
    selector: ({ n }) => n,
  });
  fc.assert(
    fc.property(claims, fc.integer({ min: 1, max: 8 }), (drawn, gib) => {
      const all = drawn.map(({ n, gib: memory, isRunning }) => claim(n, memory, { isRunning }));
      const rule = { memoryBytes: gib * GIB, cpuMillicores: 1000 };
      const unlent = listUnlent(rule, all);
      const kept = all.filter(({ allocationId }) => !unlent.has(allocationId));
      expect(kept.reduce((sum, { requests }) => sum + requests.memoryBytes, 0)).toBeLessThanOrEqual(rule.memoryBytes);
      expect(kept.reduce((sum, { requests }) => sum + requests.cpuMillicores, 0)).toBeLessThanOrEqual(rule.cpuMillicores);
      expect(new Set(listUnlent(rule, all.toReversed()).keys())).toEqual(new Set(unlent.keys()));
    }),
  );
});
