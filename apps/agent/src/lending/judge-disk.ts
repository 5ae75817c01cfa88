import { effectiveResources, type AllocationId, type Assignment, type Cause, type LendingRule } from '@cloudless/proto';
import type { DiskUse } from '../runtime/runtime.ts';

const MIB = 2 ** 20;
const mibOf = (bytes: number): number => Math.ceil(bytes / MIB);

/**
 * What holds more of the disk than it may: beyond its own limit; or, where all together hold more than the owner lends, those that are
 * furthest beyond what they asked for, until the rest fits. What keeps within its request is not to blame. Pure.
 */
export function judgeDisk(
  uses: readonly DiskUse[],
  assignments: readonly Assignment[],
  { storageBytes: lent = Infinity }: LendingRule,
): ReadonlyMap<AllocationId, Cause> {
  const over = new Map<AllocationId, Cause>();
  const bytesOf = new Map<AllocationId, number>();
  for (const { allocationId, bytes } of uses) bytesOf.set(allocationId, (bytesOf.get(allocationId) ?? 0) + bytes);
  const held = assignments.map(({ allocationId, spec }) => {
    const { requests, limits } = effectiveResources(spec);
    const bytes = bytesOf.get(allocationId) ?? 0;
    return { allocationId, bytes, limit: limits.storageBytes, beyond: bytes - requests.storageBytes };
  });
  let total = 0;
  for (const { allocationId, bytes, limit } of held) {
    if (bytes > limit) {
      const params = { heldMib: mibOf(bytes), limitMib: mibOf(limit) };
      const message = `It held ${params.heldMib} MiB of disk, and its limit is ${params.limitMib} MiB.`;
      over.set(allocationId, { code: 'disk_limit', message, params });
    } else total += bytes;
  }
  for (const { allocationId, bytes, beyond } of held.toSorted((one, other) => other.beyond - one.beyond)) {
    if (total <= lent || beyond <= 0) break;
    if (over.has(allocationId)) continue;
    const params = { totalMib: mibOf(total), lentMib: mibOf(lent), heldMib: mibOf(bytes) };
    const message = `Apps held ${params.totalMib} MiB of disk, of which the owner lends ${params.lentMib} MiB; this one was furthest beyond its request, with ${params.heldMib} MiB.`;
    over.set(allocationId, { code: 'disk_lent', message, params });
    total -= bytes;
  }
  return over;
}
