import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Logger, Timer } from '@cloudless/kernel';

const SAY_EVERY_MS = 5000;
/** A watchdog that has said nothing for so long does not watch. */
const SILENT_MS = 15_000;

const pathIn = (folder: string): string => join(folder, 'watchdog.alive');

/** The watchdog says every 5 s that it watches, in boot time: the agent offers to hold leases only beside one. */
export function keepAlive(deps: { readonly folder: string; readonly bootId: string; readonly clock: Clock; readonly logger: Logger }) {
  const { folder, bootId, clock, logger } = deps;
  let timer: Timer;
  function say(): void {
    timer = clock.setTimer(SAY_EVERY_MS, say);
    // The folder is made by the agent; until then there is nobody to tell.
    writeFile(pathIn(folder), `${bootId} ${Math.round(clock.bootMs())}`, { mode: 0o600 }).catch((cause: unknown) =>
      logger.debug({ op: 'watchdog.say', outcome: 'failed', reason: String(cause) }),
    );
  }
  say();
  return { stop: () => timer.cancel() };
}

/** Whether a watchdog watches beside this agent. */
export async function isWatched(folder: string, bootId: string, bootMs: number): Promise<boolean> {
  const said = await readFile(pathIn(folder), 'utf8').catch(() => '');
  const [boot, at] = said.split(' ');
  return boot === bootId && Math.abs(bootMs - Number(at)) < SILENT_MS;
}
