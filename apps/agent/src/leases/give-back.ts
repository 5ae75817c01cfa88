import type { Clock, Logger } from '@cloudless/kernel';
import type { AllocationId } from '@cloudless/proto';
import type { ReconcileLoop } from '../reconcile/loop.ts';
import type { LeaseKeeper } from './lease-keeper.ts';

/** How long a machine that is shut down waits for what runs at most once; systemd gives the agent 15 s. */
export const GIVE_BACK_MS = 10_000;

/**
 * Stops what runs at most once, so that another device may run it at once and not only when its lease is over.
 *
 * @returns what has ended and starts no more without a new lease, by the disk too; what did not end in time keeps its lease
 */
export async function giveBackLeases(deps: {
  readonly leases: Pick<LeaseKeeper, 'close' | 'release'>;
  readonly loop: Pick<ReconcileLoop, 'untilAtRest'> | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}): Promise<readonly AllocationId[]> {
  const { leases, clock, logger } = deps;
  const held = leases.close();
  if (held.length === 0 || !deps.loop) return [];
  const deadline = new AbortController();
  const timer = clock.setTimer(GIVE_BACK_MS, () => deadline.abort());
  const startedAt = clock.bootMs();
  try {
    const ended = await deps.loop.untilAtRest(held, deadline.signal);
    if (ended.length > 0) await leases.release(ended);
    logger.info({ op: 'lease.giveBack', outcome: 'ok', held: held.length, ended: ended.length, durationMs: clock.bootMs() - startedAt });
    return ended;
  } catch (cause) {
    logger.error({ op: 'lease.giveBack', outcome: 'failed', held: held.length }, cause);
    return [];
  } finally {
    timer.cancel();
  }
}
