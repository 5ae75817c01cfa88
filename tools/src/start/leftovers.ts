import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataFolder } from './data-folder.ts';
import { runningPid } from './pid-file.ts';

export const PART_NAMES = ['agent', 'watchdog', 'web', 'coordinator'] as const;
const GRACE_MS = 8000;

/** Parts that still run although their supervisor does not: it was killed. */
export function findLeftovers(
  folder: DataFolder,
  names: readonly string[] = PART_NAMES,
): readonly { readonly name: string; readonly pid: number }[] {
  return names.flatMap((name) => {
    const pid = readPid(join(folder.run, `${name}.pid`));
    return pid === undefined ? [] : [{ name, pid }];
  });
}

/**
 * Ends each, in the order of their names, by force after a while. Safe: a pid file also holds the start of its program, so no stranger is ended.
 */
export async function endLeftovers(folder: DataFolder, names?: readonly string[]): Promise<void> {
  for (const { name, pid: first } of findLeftovers(folder, names)) {
    const path = join(folder.run, `${name}.pid`);
    const deadline = AbortSignal.timeout(GRACE_MS);
    // Once: a coordinator takes a second one for impatience, and does not give its lead away.
    end(first, 'SIGTERM');
    for (let pid = readPid(path); pid !== undefined; pid = readPid(path)) {
      if (deadline.aborted) end(pid, 'SIGKILL');
      await sleep(100);
    }
    rmSync(path, { force: true });
  }
}

function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended meanwhile.
  }
}

function readPid(path: string): number | undefined {
  try {
    return runningPid(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
