import type { Clock } from './clock.ts';

/** Thrown when a wait outlives its deadline; `what` names the wait for the message. */
export class DeadlineExceeded extends Error {
  readonly what: string;
  readonly deadlineMs: number;
  constructor(what: string, deadlineMs: number) {
    super(`${what} did not finish within ${deadlineMs} ms`);
    this.name = 'DeadlineExceeded';
    this.what = what;
    this.deadlineMs = deadlineMs;
  }
}

/**
 * Runs `work` with a signal that aborts after `deadlineMs` or when `parent` aborts, whichever is first. The returned promise
 * settles at the deadline even when `work` ignores its signal.
 *
 * @throws DeadlineExceeded when time ran out; the parent's reason when it aborted
 */
export async function withDeadline<T>(
  clock: Clock,
  what: string,
  deadlineMs: number,
  work: (signal: AbortSignal) => Promise<T>,
  parent?: AbortSignal,
): Promise<T> {
  parent?.throwIfAborted();
  const controller = new AbortController();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true });
  const timer = clock.setTimer(deadlineMs, () => controller.abort(new DeadlineExceeded(what, deadlineMs)));
  const onParent = (): void => controller.abort(parent?.reason);
  parent?.addEventListener('abort', onParent, { once: true });
  try {
    return await Promise.race([work(controller.signal), aborted]);
  } finally {
    timer.cancel();
    parent?.removeEventListener('abort', onParent);
  }
}
