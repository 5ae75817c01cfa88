import { readFileSync } from 'node:fs';

/**
 * When the program with this pid started, as its operating system counts, so that a pid that was given out again is not taken
 * for the old program. `unknown` where the system does not tell (only Linux does cheaply), `undefined` when nothing runs.
 */
export function startMarkOf(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return undefined;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Fields follow the last `)`: the name before it may hold spaces. State is field 3, threads field 20, start time field 22 (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // Its first thread may be gone before the others, which hold its ports and files until the last one ends.
    const hasEnded = fields[0] === 'Z' && Number(fields[17]) <= 1;
    return hasEnded ? undefined : (fields[19] ?? 'unknown');
  } catch {
    return 'unknown';
  }
}

/** Text of a pid file: the pid, then the mark that tells it from a later program with the same pid. */
export function pidFileText(pid: number): string {
  return `${pid}\n${startMarkOf(pid) ?? 'unknown'}\n`;
}

/** The pid in a pid file's text when that very program still runs. */
export function runningPid(text: string): number | undefined {
  const [first = '', mark = 'unknown'] = text.split('\n');
  const pid = Number.parseInt(first, 10);
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const now = startMarkOf(pid);
  if (now === undefined) return undefined;
  return mark === 'unknown' || now === 'unknown' || now === mark ? pid : undefined;
}
