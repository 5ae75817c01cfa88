import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Memory of one process as the kernel counts it: resident, and the part that is not files. Bytes. */
export type Memory = { readonly rssBytes: number; readonly anonymousBytes: number };

export async function memoryOf(pid: number): Promise<Memory> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN) * 1024;
  return { rssBytes: field('Rss'), anonymousBytes: field('Anonymous') };
}

/** Kernel clock ticks a second: fixed at 100 on Linux for user space (`getconf CLK_TCK`). */
const TICKS_PER_SECOND = 100;

/** CPU time used so far, in ms, user and system. */
export async function cpuMsOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

/** Bytes sent and received by a process on its established TCP connections to `port`, from the kernel's counters (`ss -ti`). */
export async function linkBytesOf(pid: number, port: number): Promise<number> {
  const { stdout } = await run('ss', ['-tinpH', 'state', 'established', 'dport', '=', `:${port}`], { timeout: 10_000 });
  let total = 0;
  let mine = false;
  for (const line of stdout.split('\n')) {
    if (!line.startsWith('\t')) mine = line.includes(`pid=${pid},`);
    else if (mine) total += Number(/bytes_acked:(\d+)/.exec(line)?.[1] ?? 0) + Number(/bytes_received:(\d+)/.exec(line)?.[1] ?? 0);
  }
  return total;
}
