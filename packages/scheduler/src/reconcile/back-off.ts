import { backoffMs, type BackoffPolicy } from '@cloudless/kernel';
import type { AllocationRow } from '@cloudless/proto';
import type { SnapshotAllocation } from '../snapshot.ts';

/** 1 s, 2 s, 4 s … 5 min, a fifth of it drawn at random so that many slots do not try in step. */
export const REPLACEMENT_BACKOFF: BackoffPolicy = { baseMs: 1000, maxMs: 300_000, factor: 2, jitter: 0.2 };
/** An allocation that lived this long starts the count anew. */
export const STABLE_AFTER_MS = 600_000;

export type BackOff = { readonly attempt: number; readonly retryAt: number };

/**
 * The memory of back-off is the failed allocation itself: the planner writes the try and the time of the next into its
 * `desiredCause`, so a restart of the coordinator forgets nothing and there is no second table to keep in step.
 */
export function readBackOff(row: AllocationRow): BackOff | undefined {
  if (row.desired !== 'stopped' || row.desiredCause.code !== 'failed') return undefined;
  const { attempt, retryAt } = row.desiredCause.params ?? {};
  return typeof attempt === 'number' && typeof retryAt === 'number' ? { attempt, retryAt } : undefined;
}

/** The newest failure of a slot under the present template: an update or a restart by a person starts over. */
export function findLastFailure(slotAllocations: readonly SnapshotAllocation[], templateGeneration: number): BackOff | undefined {
  let newest: SnapshotAllocation | undefined;
  for (const allocation of slotAllocations) {
    if (allocation.row.templateGeneration !== templateGeneration || !readBackOff(allocation.row)) continue;
    if (!newest || allocation.version > newest.version) newest = allocation;
  }
  return newest && readBackOff(newest.row);
}

/** When a slot whose allocation has just failed may be tried again. */
export function computeBackOff(failed: AllocationRow, last: BackOff | undefined, now: number, seed: number): BackOff {
  const livedMs = failed.observed.sinceAt - failed.createdAt;
  const attempt = last && livedMs < STABLE_AFTER_MS ? last.attempt + 1 : 1;
  const draw = hash(seed, failed.id) / 2 ** 32;
  return { attempt, retryAt: now + backoffMs(REPLACEMENT_BACKOFF, attempt - 1, { random: () => draw }) };
}

/** 32-bit FNV-1a from a seeded basis. */
function hash(seed: number, text: string): number {
  let value = (0x81_1c_9d_c5 ^ seed) >>> 0;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01_00_01_93);
  return value >>> 0;
}
