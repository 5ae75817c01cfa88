import { join } from 'node:path';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { createMemoryLogger } from '@cloudless/kernel/testing';
import type { Assignment } from '@cloudless/proto';
import { createAgent } from '../agent.ts';
import { createFileLeaseStore, readBootId } from '../leases/file-lease-store.ts';
import { createFileLogStore } from '../logs/file-log-store.ts';
import { createFingerprint } from '../resources/fingerprint.ts';
import { createUsageSampler } from '../resources/usage.ts';
import { createDockerRuntime } from '../runtime/docker.ts';
import { connectLoopback } from '../session/connect-loopback.ts';
import { createStaticCredentials } from '../session/credentials.ts';
import { createFileState } from '../state/file-state.ts';
import { createStubCoordinator } from './stub-coordinator.ts';

/**
 * A real agent as a process that a test may kill, its coordinator played inside: `node agent-process.ts <folder> <socket> <assignments as
 * JSON> [lease in ms]`. Says `up`, then a line of JSON for each report.
 */
const [folder = '', socketPath = '', assignments = '[]', leaseMs = '0'] = process.argv.slice(2);
const clock = createRealClock();
const logger = createMemoryLogger();
const state = createFileState(folder, logger);
const identity = await state.loadIdentity();
if (!identity) throw new Error(`no identity in ${folder}`);
const coordinator = createStubCoordinator(identity);
coordinator.assignments = JSON.parse(assignments) as Assignment[];
coordinator.leaseMs = Number(leaseMs);
const bootId = (await readBootId(process.platform)) ?? '';
const runtime = createDockerRuntime({ socketPath, clock, platform: process.platform });
process.stdout.write('up\n');
await createAgent({
  clock,
  entropy: createRealEntropy(),
  logger,
  runtime,
  state,
  connectLoopback,
  logs: createFileLogStore(join(folder, 'logs')),
  credentials: createStaticCredentials(identity),
  dial: () => coordinator.dial(),
  leaseStore: createFileLeaseStore(folder, bootId, logger),
  fingerprint: createFingerprint({ agentVersion: 'test', dataFolder: folder, files: { root: '/' } }),
  sampleUsage: createUsageSampler({ runtime, clock }),
});
const told = new Map<string, string>();
for (;;) {
  for (const { allocationId } of coordinator.assignments ?? []) {
    const text = JSON.stringify({ allocationId, observed: coordinator.observed(allocationId) });
    if (told.get(allocationId) !== text) process.stdout.write(`${text}\n`);
    told.set(allocationId, text);
  }
  await clock.sleep(10);
}
