export { assert, unreachable } from './assert.ts';
export { backoffMs, type BackoffPolicy } from './backoff.ts';
export { type Clock, type Timer } from './clock.ts';
export { withDeadline, DeadlineExceeded } from './deadline.ts';
export { type Entropy } from './entropy.ts';
export { createLifecycle, type Lifecycle, type Stoppable } from './lifecycle.ts';
export { type Logger, type WideEvent, type WideEventValue, nullLogger, secret, type Secret, revealSecret } from './logger.ts';
export { type Result, ok, err } from './result.ts';
export { createBoundedQueue, type BoundedQueue } from './bounded-queue.ts';
