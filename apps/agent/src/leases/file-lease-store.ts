import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Logger } from '@cloudless/kernel';
import { readStored } from '@cloudless/proto';
import { parseDurable, readDurably, writeDurably } from '../state/durable-file.ts';
import { nodeFiles, type Files } from '../state/files.ts';
import { leaseFileSchema, type LeaseFile, type LeaseStore } from './lease-file.ts';

const run = promisify(execFile);
export const leasePath = (folder: string): string => join(folder, 'leases.json');

/** What the kernel calls this boot. Where it does not say, each process has one of its own, and leases end with the agent. */
export async function readBootId(platform: NodeJS.Platform): Promise<string | undefined> {
  try {
    if (platform === 'darwin') return (await run('sysctl', ['-n', 'kern.bootsessionuuid'], { timeout: 5000 })).stdout.trim();
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  } catch {
    return undefined;
  }
}

/** What the agent wrote, of this release or a later one, as its watchdog reads it; `undefined` when it is damaged. */
export function parseLeaseFile(text: string): LeaseFile | undefined {
  const body = parseDurable(text);
  return body === undefined ? undefined : readStored(leaseFileSchema, body);
}

/** `leases.json` beside the agent's state, which its watchdog reads too. */
export function createFileLeaseStore(folder: string, bootId: string, logger: Logger, files: Files = nodeFiles): LeaseStore {
  const path = leasePath(folder);
  return {
    bootId,
    async load(): Promise<LeaseFile | undefined> {
      const file = await readDurably(path, files);
      try {
        if (file.kind === 'read') return readStored(leaseFileSchema, file.body);
        if (file.kind === 'damaged') logger.error({ op: 'lease.load', outcome: 'failed', path, reason: `set aside as ${file.setAsideAs}` });
      } catch (cause) {
        logger.error({ op: 'lease.load', outcome: 'failed', path }, cause);
      }
      return undefined;
    },
    save: (file) => writeDurably(path, JSON.stringify(file), files),
  };
}
