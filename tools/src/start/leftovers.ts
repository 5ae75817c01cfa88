import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataFolder } from './data-folder.ts';
import { runningPid } from './pid-file.ts';

export const PART_NAMES = ['agent', 'watchdog', 'web', 'coordinator'] as const;
const GRACE_MS = 8000;

/** Parts that still run although their supervisor does not: it was killed. */
export function findLeftovers(folder: DataFolder): readonly { readonly name: string; readonly pid: number }[] {
  return PART_NAMES.flatMap((name) => {
    const pid = readPid(join(folder.run, `${name}.pid`));
    return pid === undefined ? [] : [{ name, pid }];
  });
}

/** Ends each, by force after a while. Safe: a pid file also holds the start of its program, so no stranger is ended. */
export async function endLeftovers(folder: DataFolder): Promise<void> {
  for (const { name } of findLeftovers(folder)) {
    const path = join(folder.run, `${name}.pid`);
    const deadline = AbortSignal.timeout(GRACE_MS);
    for (let pid = readPid(path); pid !== undefined; pid = readPid(path)) {
      process.kill(pid, deadline.aborted ? 'SIGKILL' : 'SIGTERM');
      await sleep(100);
    }
    rmSync(path, { force: true });
  }
}

function readPid(path: string): number | undefined {
  try {
    return runningPid(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
