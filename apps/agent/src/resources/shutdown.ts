import { execFile } from 'node:child_process';

/** Systems give a service some seconds to end; asking is not to cost many of them. */
const ASK_MS = 1_000;

/**
 * Whether the machine itself is being shut down or restarted, as systemd tells it (`systemctl is-system-running`, which says `stopping` from
 * the moment at which the shutdown is queued). Where there is no systemd nobody knows, and an agent that is stopped is only that.
 */
export function isShuttingDown(platform: NodeJS.Platform, systemctl = 'systemctl'): Promise<boolean> {
  if (platform !== 'linux') return Promise.resolve(false);
  // Its exit code is not 0 in any state but "running"; what it says counts.
  return new Promise((resolve) => {
    execFile(systemctl, ['is-system-running'], { timeout: ASK_MS }, (_failed, stdout) => resolve(stdout.trim() === 'stopping'));
  });
}
