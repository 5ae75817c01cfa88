import { allocationIdSchema, clusterIdSchema, nodeIdSchema } from '@cloudless/proto';
import { z } from 'zod';

/** What the agent writes before it acts on a grant, and all that its watchdog knows. Times are of the boot that is named. */
export const leaseFileSchema = z.strictObject({
  /** Of another boot, nothing in here holds. */
  bootId: z.string().max(64),
  clusterId: clusterIdSchema,
  nodeId: nodeIdSchema,
  leases: z
    .array(
      z.strictObject({
        allocationId: allocationIdSchema,
        /** In boot time: the replica runs no longer. */
        endsAtMs: z.number().min(0),
      }),
    )
    .max(10_000),
});
export type LeaseFile = z.infer<typeof leaseFileSchema>;

/** Where leases are kept for the agent's next life and for the watchdog. */
export interface LeaseStore {
  /** Names the time between two starts of the machine. */
  readonly bootId: string;
  /** `undefined` when nothing was written, or it is damaged: then nothing holds. */
  load(): Promise<LeaseFile | undefined>;
  /** Resolves when it would survive the power going. */
  save(file: LeaseFile): Promise<void>;
}

/** Survives the agent but not the process: for the simulator and for tests. */
export function createMemoryLeaseStore(bootId = 'boot'): LeaseStore {
  let saved: LeaseFile | undefined;
  return {
    bootId,
    load: () => Promise.resolve(saved),
    save(file) {
      saved = structuredClone(file);
      return Promise.resolve();
    },
  };
}
