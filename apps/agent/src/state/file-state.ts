import { join } from 'node:path';
import type { Logger } from '@cloudless/kernel';
import {
  allocationIdSchema,
  allocationObservedSchema,
  assignmentSchema,
  clusterIdSchema,
  lendingRuleSchema,
  nodeIdSchema,
  readStored,
} from '@cloudless/proto';
import { z } from 'zod';
import { readDurably, setAside, writeDurably } from './durable-file.ts';
import { nodeFiles, type Files } from './files.ts';
import { EMPTY_STATE, type AgentIdentity, type AgentState, type HeldState } from './state.ts';

const identitySchema = z.strictObject({
  nodeId: nodeIdSchema,
  clusterId: clusterIdSchema,
  name: z.string(),
  privateKey: z.string(),
  certificate: z.string(),
  bundle: z.string(),
});

const heldSchema = z.strictObject({
  authority: z.strictObject({ clusterId: clusterIdSchema, epoch: z.int().min(0), token: z.int().min(0) }).optional(),
  assignments: z.array(assignmentSchema),
  memories: z.array(
    z.strictObject({
      allocationId: allocationIdSchema,
      observed: allocationObservedSchema,
      retries: z.int().min(0),
      retriedAt: z.number().optional(),
    }),
  ),
  lastServerAt: z.number().optional(),
  lending: lendingRuleSchema.optional(),
});

/**
 * The agent's state in two files of its data folder. Not SQLite: the state of a device is some hundred KiB that change together, and
 * asynchronous writes of whole files never block the heartbeat on a slow disk, which synchronous `node:sqlite` would.
 */
export function createFileState(folder: string, logger: Logger, files: Files = nodeFiles): AgentState {
  const identityPath = join(folder, 'identity.json');
  const heldPath = join(folder, 'held.json');

  /** What a later release wrote is read without what this one does not know: an update that was taken back must not forget its device. */
  async function load<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
    const file = await readDurably(path, files);
    switch (file.kind) {
      case 'absent':
        return undefined;
      case 'damaged':
        logger.error({ op: 'state.load', outcome: 'failed', path, reason: `damaged, set aside as ${file.setAsideAs}` });
        return undefined;
      case 'read':
        try {
          return readStored(schema, file.body);
        } catch (cause) {
          const why = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
          const reason = `not known to this release, set aside as ${await setAside(path, 'unknown', files)}: ${why.slice(0, 2000)}`;
          logger.error({ op: 'state.load', outcome: 'failed', path, reason });
          return undefined;
        }
    }
  }

  return {
    loadIdentity: async (): Promise<AgentIdentity | undefined> => load(identityPath, identitySchema),
    saveIdentity: (identity) => writeDurably(identityPath, JSON.stringify(identity), files),
    loadHeld: async () => ((await load(heldPath, heldSchema)) as HeldState | undefined) ?? EMPTY_STATE,
    saveHeld: (held) => writeDurably(heldPath, JSON.stringify(held), files),
  };
}
