import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** machine-id(5); on D-Bus systems without it the second. */
const FILES = ['/etc/machine-id', '/var/lib/dbus/machine-id'];

/**
 * SHA-256 of the machine's id with the node's, hex: two machines that hold one identity differ in it, and nobody learns the id itself
 * (machine-id(5) asks for that). `undefined` where the system has none.
 */
export function readMachineHash(nodeId: string, file: string | undefined): string | undefined {
  for (const path of file === undefined ? FILES : [file]) {
    try {
      const id = readFileSync(path, 'utf8').trim();
      if (id !== '') return createHash('sha256').update(`cloudless-machine-1 ${nodeId} ${id}`).digest('hex');
    } catch {
      // The next one.
    }
  }
  return undefined;
}
