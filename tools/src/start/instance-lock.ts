import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { pidFileText, runningPid } from './pid-file.ts';

export type LockOutcome = { readonly kind: 'held'; release(): void } | { readonly kind: 'taken'; readonly pid: number };

/**
 * Takes the lock at `path` for this program. A lock whose holder no longer runs is taken over. The file appears complete,
 * by link, so that no reader sees it half written.
 */
export function takeLock(path: string): LockOutcome {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, pidFileText(process.pid), { mode: 0o600 });
  try {
    // Two tries: one may lose to a stale lock, which is then removed; a second loss is a live rival.
    for (let attempt = 0; attempt < 2; attempt += 1) {
      if (tryLink(own, path)) return { kind: 'held', release: () => rmSync(path, { force: true }) };
      const pid = readHolder(path);
      if (pid !== undefined) return { kind: 'taken', pid };
      rmSync(path, { force: true });
    }
    return { kind: 'taken', pid: readHolder(path) ?? 0 };
  } finally {
    rmSync(own, { force: true });
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function readHolder(path: string): number | undefined {
  try {
    return runningPid(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
