import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Logger } from '@cloudless/kernel';
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

/** What the agent wrote, as its watchdog reads it; `undefined` when it is damaged. */
export function parseLeaseFile(text: string): LeaseFile | undefined {
  const body = parseDurable(text);
  return body === undefined ? undefined : leaseFileSchema.parse(JSON.parse(body));
}

/** `leases.json` beside the agent's state, which its watchdog reads too. */
export function createFileLeaseStore(folder: string, bootId: string, logger: Logger, files: Files = nodeFiles): LeaseStore {
  const path = leasePath(folder);
  return {
    bootId,
    async load(): Promise<LeaseFile | undefined> {
      const file = await readDurably(path, files);
      if (file.kind === 'damaged') logger.error({ op: 'lease.load', outcome: 'failed', path, reason: `set aside as ${file.setAsideAs}` });
      return file.kind === 'read' ? leaseFileSchema.safeParse(JSON.parse(file.body)).data : undefined;
    },
    save: (file) => writeDurably(path, JSON.stringify(file), files),
  };
}
