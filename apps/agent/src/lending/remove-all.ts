import { backoffMs, withDeadline, type Clock, type Entropy, type Logger } from '@cloudless/kernel';
import type { Owner, Runtime } from '../runtime/runtime.ts';

/** What is left of a device that leaves may take so long, with an engine that is away meanwhile. */
const DEADLINE_MS = 120_000;
const GRACE_MS = 10_000;
const BACKOFF = { baseMs: 500, maxMs: 5_000, factor: 2, jitter: 0.2 } as const;

/**
 * Stops and removes every container that carries the labels of this device, whoever still assigns it. Tries again while the engine does
 * not answer, for two minutes.
 *
 * @returns whether nothing is left
 */
export async function removeAll(
  {
    runtime,
    clock,
    entropy,
    logger,
  }: { readonly runtime: Runtime; readonly clock: Clock; readonly entropy: Entropy; readonly logger: Logger },
  owner: Owner,
): Promise<boolean> {
  const once = async (signal: AbortSignal): Promise<void> => {
    for (const { containerId } of await runtime.list(owner, undefined, signal)) {
      await runtime.stop(containerId, GRACE_MS, signal);
      await runtime.remove(containerId, signal);
    }
  };
  try {
    await withDeadline(clock, 'removing what is left of the cluster', DEADLINE_MS, async (signal) => {
      for (let failures = 0; !signal.aborted; failures += 1) {
        try {
          return await once(signal);
        } catch (cause) {
          if (signal.aborted) throw cause;
          logger.warn({ op: 'device.empty', outcome: 'failed', tries: failures + 1 }, cause);
          await clock.sleep(backoffMs(BACKOFF, failures, entropy), signal);
        }
      }
    });
    return true;
  } catch (cause) {
    logger.error({ op: 'device.leave', outcome: 'failed', reason: 'containers may be left in the engine' }, cause);
    return false;
  }
}
