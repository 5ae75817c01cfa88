import { readFile, stat } from 'node:fs/promises';
import { createPinoLogger, createRealClock } from '@cloudless/kernel/node';
import type { AgentConfig } from '../config.ts';
import { leasePath, parseLeaseFile, readBootId } from '../leases/file-lease-store.ts';
import { type LeaseFile } from '../leases/lease-file.ts';
import { createWatchdogEngine } from './engine.ts';
import { keepAlive } from './alive.ts';
import { runWatchdog } from './watchdog.ts';

/** Reads the file again when it was replaced. What is damaged changes nothing: the agent writes it whole. */
function createLeaseReader(path: string): () => Promise<LeaseFile | undefined> {
  let known: LeaseFile | undefined;
  let seen = '';
  return async () => {
    try {
      const { mtimeMs, ino, size } = await stat(path);
      const mark = `${mtimeMs} ${ino} ${size}`;
      if (mark === seen) return known;
      known = parseLeaseFile(await readFile(path, 'utf8')) ?? known;
      seen = mark;
    } catch (cause) {
      // The agent has held no lease yet, or left its cluster.
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) throw cause;
    }
    return known;
  };
}

/** The watchdog of this machine, until a signal. Without a name for the boot there is no lease to watch. */
export async function runWatchdogProcess(config: AgentConfig): Promise<void> {
  const logger = createPinoLogger('watchdog', config.logLevel);
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => stopping.abort(new Error(signal)));
  const bootId = await readBootId(config.platform);
  logger.info({ op: 'watchdog.start', outcome: 'ok', bootId, dockerSocket: config.dockerSocket });
  const clock = createRealClock();
  const alive = keepAlive({ folder: config.folder, bootId: bootId ?? '', clock, logger });
  await runWatchdog(
    {
      clock,
      logger,
      engine: createWatchdogEngine(config.dockerSocket),
      bootId: bootId ?? '',
      readLeases: createLeaseReader(leasePath(config.folder)),
    },
    stopping.signal,
  );
  alive.stop();
}
