import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { DiskUse } from '../runtime/runtime.ts';
import { buildAssignment } from '../testing/build-assignment.ts';
import { judgeDisk } from './judge-disk.ts';

const GIB = 2 ** 30;
const assignmentOf = (index: number, requestGib = 1) =>
  buildAssignment(`app${'abcdefgh'.charAt(index)}`, {
    resources: { requests: { storageBytes: requestGib * GIB }, limits: { storageBytes: 8 * GIB } },
  });
const useOf = (index: number, gib: number, containerId = `c${index}`): DiskUse => ({
  containerId,
  allocationId: assignmentOf(index).allocationId,
  bytes: gib * GIB,
});

it('counts both containers of an allocation that is being replaced', () => {
  const over = judgeDisk([useOf(0, 5), useOf(0, 4, 'old')], [assignmentOf(0)], {});
  expect([...over.values()]).toMatchObject([{ code: 'disk_limit', params: { heldMib: 9 * 1024, limitMib: 8 * 1024 } }]);
});

it('blames nobody who keeps within its request, though the owner lends less than all hold', () => {
  expect(judgeDisk([useOf(0, 2), useOf(1, 2)], [assignmentOf(0, 2), assignmentOf(1, 2)], { storageBytes: 3 * GIB }).size).toBe(0);
});

it('ends no more than brings the rest below the ceiling, and the worst first', () => {
  const gibs = fc.array(fc.nat(8), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(gibs, fc.integer({ min: 1, max: 30 }), (drawn, lent) => {
      const assignments = drawn.map((_, index) => assignmentOf(index));
      const over = judgeDisk(
        drawn.map((gib, index) => useOf(index, gib)),
        assignments,
        { storageBytes: lent * GIB },
      );
      const bytesOf = (ended: boolean): number[] =>
        drawn.filter((_, index) => over.has(assignmentOf(index).allocationId) === ended).map((gib) => gib * GIB);
      const left = bytesOf(false).reduce((sum, bytes) => sum + bytes, 0);
      const isLeftWithinRequests = bytesOf(false).every((bytes) => bytes <= GIB);
      expect(left <= lent * GIB || isLeftWithinRequests).toBe(true);
      const ended = bytesOf(true);
      expect(left + Math.min(Infinity, ...ended)).toBeGreaterThan(lent * GIB);
      expect(Math.min(Infinity, ...ended)).toBeGreaterThanOrEqual(Math.max(0, ...bytesOf(false)));
    }),
  );
});
