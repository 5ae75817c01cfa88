import type { Cause, ErrorCode, WorkloadSpec } from '@cloudless/proto';
import type { ContainerExit } from '../runtime/runtime.ts';
import type { AllocationMemory } from './allocation-memory.ts';

/** Restarts further apart than this do not count as "in a row". */
export const RETRY_WINDOW_MS = 10 * 60_000;
/** No wait between two tries is longer, unless the spec's first one is. */
export const MAX_BACKOFF_MS = 5 * 60_000;

type Policy = WorkloadSpec['restartPolicy'];

export type RetryDecision =
  | { readonly kind: 'retry'; readonly delayMs: number; readonly retries: number }
  | { readonly kind: 'exhausted'; readonly retries: number };

/**
 * Whether and when to try again. The first try in a row is at once, so that a killed container is back in a blink; then
 * `backoffMs · 2^n`, at most MAX_BACKOFF_MS.
 */
export function decideRetry(policy: Policy, memory: Pick<AllocationMemory, 'retries' | 'retriedAt'>, now: number): RetryDecision {
  const inRow = memory.retriedAt !== undefined && now - memory.retriedAt <= RETRY_WINDOW_MS;
  const retries = inRow ? memory.retries : 0;
  if (retries >= policy.maxRetries) return { kind: 'exhausted', retries };
  const delayMs = retries === 0 ? 0 : Math.min(policy.backoffMs * 2 ** (retries - 1), Math.max(MAX_BACKOFF_MS, policy.backoffMs));
  return { kind: 'retry', delayMs, retries: retries + 1 };
}

export type ExitDecision =
  | { readonly kind: 'restart'; readonly delayMs: number; readonly retries: number; readonly cause: Cause }
  | { readonly kind: 'end'; readonly phase: 'stopped' | 'failed'; readonly cause: Cause };

/** What ended it, as a sentence. `exit` is absent when the container vanished. */
export function describeExit(exit: ContainerExit | undefined): string {
  if (!exit) return 'Its container was removed by someone else';
  if (exit.oomKilled) return 'It needed more memory than its limit and was ended by the kernel (OOM)';
  if (exit.code === 137) return 'It was killed (SIGKILL, exit code 137), by hand or by the kernel when memory ran out';
  if (exit.code === 143) return 'It was ended by SIGTERM (exit code 143)';
  return `It ended with exit code ${exit.code}`;
}

const exitCode = (exit: ContainerExit | undefined): string => (!exit ? 'container_gone' : exit.oomKilled ? 'oom_killed' : 'exited');

/** What follows the end of a container that should run, by the restart policy. */
export function decideAfterExit(policy: Policy, memory: AllocationMemory, exit: ContainerExit | undefined, now: number): ExitDecision {
  const what = describeExit(exit);
  const params = { exitCode: exit?.code ?? -1, reason: exitCode(exit) };
  if (policy.policy !== 'always' && exit?.code === 0) {
    return {
      kind: 'end',
      phase: 'stopped',
      cause: { code: 'completed', message: `${what}; the restart policy asks for nothing more.`, params },
    };
  }
  if (policy.policy === 'never')
    return { kind: 'end', phase: 'failed', cause: { code: exitCode(exit), message: `${what}; the restart policy is never.`, params } };
  const retry = decideRetry(policy, memory, now);
  if (retry.kind === 'exhausted') {
    const message = `${what}, after ${retry.retries} restarts in a row (maxRetries ${policy.maxRetries}).`;
    return { kind: 'end', phase: 'failed', cause: { code: 'restarts_exhausted', message, params: { ...params, restarts: retry.retries } } };
  }
  const when = retry.delayMs === 0 ? 'restarting at once' : `restarting in ${(retry.delayMs / 1000).toFixed(1)} s`;
  const cause: Cause = {
    code: retry.delayMs === 0 ? 'restarting' : 'back_off',
    message: `${what}; ${when}.`,
    params: { ...params, delayMs: retry.delayMs },
  };
  return { kind: 'restart', delayMs: retry.delayMs, retries: retry.retries, cause };
}

/** Failures that another try on this device cannot mend: the planner has to decide. */
const PERMANENT: ReadonlySet<ErrorCode> = new Set(['image_not_found', 'image_platform_mismatch', 'container_refused', 'not_supported_yet']);
export const isPermanentFailure = (code: ErrorCode): boolean => PERMANENT.has(code);
