import { copyFile, stat, truncate } from 'node:fs/promises';
import type { Clock, Logger } from '@cloudless/kernel';

const MAX_BYTES = 8 * 2 ** 20;
const LOOK_EVERY_MS = 600_000;

/** Keeps the agent's own log in bounds where no service does: one older file, each of 8 MiB. It is written in append mode, so it may be cut. */
export function boundLogFile(path: string, clock: Clock, logger: Logger): { stop(): void } {
  let timer = clock.setTimer(0, look);
  async function cut(): Promise<void> {
    if ((await stat(path)).size < MAX_BYTES) return;
    await copyFile(path, `${path}.1`);
    await truncate(path);
  }
  function look(): void {
    timer = clock.setTimer(LOOK_EVERY_MS, look);
    cut().catch((cause: unknown) => logger.debug({ op: 'log.cut', outcome: 'failed', reason: String(cause) }));
  }
  return { stop: () => timer.cancel() };
}
