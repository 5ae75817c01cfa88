import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@cloudless/kernel';
import { probeEngine } from '../engine/probe-engine.ts';
import { startDockerd, systemDockerd } from '../engine/start-dockerd.ts';
import { logFile, type DataFolder } from './data-folder.ts';

const LOOK_EVERY_MS = 3000;

/**
 * Starts our own dockerd again when it died: it has no init above it. An engine that anybody else keeps is left to them. It is
 * looked at on a timer, because it is no child of ours after the first restart of this program.
 */
export function watchOwnEngine(folder: DataFolder, address: string, clock: Clock, show: (line: string) => void): { stop(): Promise<void> } {
  const pidFile = join(folder.run, 'engine.pid');
  const stopping = new AbortController();
  const watching = (async () => {
    while (!stopping.signal.aborted) {
      await clock.sleep(LOOK_EVERY_MS, stopping.signal).catch(() => undefined);
      if (stopping.signal.aborted || !existsSync(pidFile)) continue;
      const { kind } = await probeEngine(address);
      if (kind !== 'stopped' && kind !== 'absent') continue;
      show('Docker ended; starting it again …');
      await startDockerd(systemDockerd(logFile(folder, 'engine'), pidFile)).catch((error: unknown) => show(String(error)));
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await watching;
    },
  };
}
