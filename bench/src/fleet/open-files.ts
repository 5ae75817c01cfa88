import { existsSync, readFileSync } from 'node:fs';

/** Of a device: two at each end, and two more at its proxy where it has one. */
const FILES_A_DEVICE = 2;
/** Of the programs themselves. */
const OWN_FILES = 500;

/**
 * Node raises its soft limit to the hard one when it starts, so that the limit of this process is what the coordinator and the fleet get.
 * @throws Error when so many devices cannot have their sockets; where the kernel tells no limit, none is known
 */
export function requireOpenFiles(devices: number): void {
  const limits = existsSync('/proc/self/limits') ? readFileSync('/proc/self/limits', 'utf8') : '';
  const allowed = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  const needed = devices * FILES_A_DEVICE + OWN_FILES;
  if (allowed !== undefined && Number(allowed) < needed)
    throw new Error(
      `${devices} devices need ${needed} open files a process, and this shell allows ${allowed}: run "ulimit -n ${needed}" first (as root "ulimit -Hn" raises what is allowed).`,
    );
}
