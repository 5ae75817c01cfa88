import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const DEADLINE_MS = 2_000;

/**
 * How long nobody has used the machine: on Linux by logind's `IdleSinceHint` (org.freedesktop.login1(5)), on macOS by the input
 * system's `HIDIdleTime`. `undefined` where the system does not tell, as on a server without a seat.
 *
 * @param monotonicMs time since the start of the machine without its sleeps, which logind counts by
 */
export async function readIdleMs(platform: NodeJS.Platform, monotonicMs: number): Promise<number | undefined> {
  try {
    if (platform === 'linux') {
      const { stdout } = await run('loginctl', ['show', '--property=IdleHint', '--property=IdleSinceHintMonotonic'], {
        timeout: DEADLINE_MS,
      });
      const idle = /^IdleHint=(yes|no)$/m.exec(stdout)?.[1];
      if (idle === undefined) return undefined;
      const sinceUs = Number(/^IdleSinceHintMonotonic=(\d+)$/m.exec(stdout)?.[1] ?? 0);
      return idle === 'no' ? 0 : Math.max(0, monotonicMs - sinceUs / 1000);
    }
    if (platform !== 'darwin') return undefined;
    const { stdout } = await run('ioreg', ['-c', 'IOHIDSystem', '-d', '4'], { timeout: DEADLINE_MS, maxBuffer: 4 * 2 ** 20 });
    const idleNs = /"HIDIdleTime"\s*=\s*(\d+)/.exec(stdout)?.[1];
    return idleNs === undefined ? undefined : Number(idleNs) / 1e6;
  } catch {
    return undefined;
  }
}
