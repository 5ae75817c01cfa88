import type { Assignment, CloudlessError } from '@cloudless/proto';
import { withObserved, type AllocationMemory } from './allocation-memory.ts';
import { decideRetry, isPermanentFailure } from './restart-policy.ts';

/**
 * The memory of an allocation whose start failed: tried again later, or failed when another try cannot mend it or too many failed in
 * a row. That the engine is away counts as no try.
 */
export function afterFailure(memory: AllocationMemory, assignment: Assignment, error: CloudlessError, now: number): AllocationMemory {
  const { containerId } = memory.observed;
  const params = { ...error.params };
  const cause = { code: error.code, message: error.message.slice(0, 2000), params };
  const base = {
    phase: 'pending',
    ready: false,
    cause,
    generation: assignment.generation,
    ...(containerId === undefined ? {} : { containerId }),
  } as const;
  if (error.code === 'engine_unavailable') return withObserved(memory, base, now);
  if (isPermanentFailure(error.code)) return withObserved(memory, { ...base, phase: 'failed' }, now);
  const retry = decideRetry(assignment.spec.restartPolicy, memory, now);
  if (retry.kind === 'exhausted') {
    const message = `${error.message} Tried ${retry.retries + 1} times in a row.`.slice(0, 2000);
    return withObserved(memory, { ...base, phase: 'failed', cause: { ...cause, message } }, now);
  }
  const delayMs = Math.max(retry.delayMs, assignment.spec.restartPolicy.backoffMs, MIN_RETRY_MS);
  const next = withObserved(memory, { ...base, nextTryAt: now + delayMs }, now);
  return { ...next, retries: retry.retries, retriedAt: now + delayMs };
}

/** A start that failed is never repeated at once: what refused it would refuse again. */
const MIN_RETRY_MS = 250;
