import type { Clock, Logger } from '@cloudless/kernel';
import type { LeaseFile } from '../leases/lease-file.ts';
import type { WatchdogEngine } from './engine.ts';
import { judgeLeases } from './judge-leases.ts';

const LOOK_EVERY_MS = 250;
/** Between two looks while the engine does not answer. */
const FAILED_MS = 2000;

export type WatchdogDeps = {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly engine: WatchdogEngine;
  readonly bootId: string;
  /** The lease file as it is now; `undefined` while there is none. What cannot be read stands as it was read last. */
  readonly readLeases: () => Promise<LeaseFile | undefined>;
};

/**
 * Stops what runs beyond its lease when the agent does not: it died, was paused, or hangs. It asks the engine only when a lease has
 * lapsed, starts nothing, and speaks to nobody else. At the signal it ends what it watches, since nobody would any more; an agent that
 * lives starts it again.
 */
export async function runWatchdog({ clock, logger, engine, bootId, readLeases }: WatchdogDeps, signal: AbortSignal): Promise<void> {
  const stopping = new Set<string>();
  /** Until the next lease ends nothing can have lapsed, once what was lapsed is known to be stopped. */
  let settled = '';

  function stop(container: Parameters<WatchdogEngine['stop']>[0]): void {
    if (stopping.has(container.containerId)) return;
    stopping.add(container.containerId);
    logger.warn({ op: 'watchdog.stop', allocationId: container.allocationId, containerId: container.containerId });
    engine
      .stop(container)
      .catch((cause: unknown) => logger.error({ op: 'watchdog.stop', outcome: 'failed', allocationId: container.allocationId }, cause))
      .finally(() => stopping.delete(container.containerId));
  }

  async function look(): Promise<number> {
    const file = await readLeases();
    if (!file) return LOOK_EVERY_MS;
    const now = { bootId, bootMs: clock.bootMs() };
    const lapsed = file.leases.filter((lease) => file.bootId !== bootId || lease.endsAtMs <= now.bootMs).map((lease) => lease.allocationId);
    const key = `${file.bootId} ${file.leases.length} ${lapsed.join()}`;
    if (key === settled) return LOOK_EVERY_MS;
    const found = judgeLeases(file, await engine.list(file), now);
    for (const container of found) stop(container);
    settled = found.length === 0 && stopping.size === 0 && !isJustLapsed(file, now.bootMs) ? key : '';
    return LOOK_EVERY_MS;
  }

  while (!signal.aborted) {
    let waitMs = FAILED_MS;
    try {
      waitMs = await look();
    } catch (cause) {
      logger.warn({ op: 'watchdog.look', outcome: 'failed' }, cause);
    }
    await clock.sleep(waitMs, signal).catch(() => undefined);
  }
  const file = await readLeases();
  if (!file) return;
  await Promise.all((await engine.list(file)).map((container) => engine.stop(container)));
}

/** The agent has a moment to stop it itself. */
const isJustLapsed = (file: LeaseFile, bootMs: number): boolean =>
  file.leases.some(({ endsAtMs }) => endsAtMs <= bootMs && bootMs < endsAtMs + 1000);
