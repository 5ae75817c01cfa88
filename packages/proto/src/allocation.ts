import { z } from 'zod';
import { allocationIdSchema, nodeIdSchema, orgIdSchema, projectIdSchema, workloadIdSchema } from './ids.ts';
import { causeSchema, instantSchema, paramsSchema } from './time.ts';
import { nameSchema, workloadSpecSchema } from './workload.ts';

/** Phases move forward only. A local restart stays in `running` with `ready: false` and a `restarting` cause. */
export const ALLOCATION_PHASES = ['pending', 'pulling', 'starting', 'running', 'stopping', 'stopped', 'failed'] as const;
export const allocationPhaseSchema = z.enum(ALLOCATION_PHASES);
export type AllocationPhase = z.infer<typeof allocationPhaseSchema>;
export const isTerminalPhase = (phase: AllocationPhase): boolean => phase === 'stopped' || phase === 'failed';

/** What one agent is told to hold: everything it needs to run the allocation while no coordinator answers. */
export const assignmentSchema = z.strictObject({
  allocationId: allocationIdSchema,
  orgId: orgIdSchema,
  projectId: projectIdSchema,
  workloadId: workloadIdSchema,
  workloadName: nameSchema,
  slot: z.int().min(0),
  /** Grows by one with every change of `desired`; reports name the one they answer. */
  generation: z.int().min(1),
  desired: z.enum(['running', 'stopped']),
  spec: workloadSpecSchema,
});
export type Assignment = z.infer<typeof assignmentSchema>;

/** Only that node's agent writes it. */
export const allocationObservedSchema = z.strictObject({
  phase: allocationPhaseSchema,
  /** Runs and, as far as observed, serves. */
  ready: z.boolean(),
  cause: causeSchema,
  /** Local restarts of the container since the allocation was made. */
  restarts: z.int().min(0),
  sinceAt: instantSchema,
  /** Assignment generation that this answers; 0 before any. */
  generation: z.int().min(0),
  containerId: z.string().max(128).optional(),
  /** Ports on the device, by port name. */
  hostPorts: z.record(z.string(), z.int()).default({}),
  exit: z.strictObject({ code: z.int(), oomKilled: z.boolean(), at: instantSchema }).optional(),
  pull: z.strictObject({ currentBytes: z.number().min(0), totalBytes: z.number().min(0) }).optional(),
  nextTryAt: instantSchema.optional(),
});
export type AllocationObserved = z.infer<typeof allocationObservedSchema>;

/** `desired*` is the planner's to write, `observed` the agent's. Identity and node never change. */
export const allocationRowSchema = z.strictObject({
  id: allocationIdSchema,
  orgId: orgIdSchema,
  projectId: projectIdSchema,
  workloadId: workloadIdSchema,
  workloadName: nameSchema,
  nodeId: nodeIdSchema,
  /** The n-th wanted copy, from 0. */
  slot: z.int().min(0),
  templateGeneration: z.int().min(1),
  spec: workloadSpecSchema,
  desired: z.enum(['running', 'stopped']),
  desiredGeneration: z.int().min(1),
  desiredCause: causeSchema,
  /** The scheduler's reason for this node. */
  placement: z.strictObject({
    score: z.number(),
    terms: z.record(z.string(), z.number()),
    message: z.string(),
    /** `fitting`, `lookedAt`: devices; `percent`: how full it is with it. Absent in rows from before they were written. */
    params: paramsSchema.optional(),
  }),
  observed: allocationObservedSchema,
  createdAt: instantSchema,
  updatedAt: instantSchema,
});
export type AllocationRow = z.infer<typeof allocationRowSchema>;

export const allocationSchema = allocationRowSchema.omit({ spec: true }).extend({
  nodeName: z.string(),
  image: z.string(),
  /** True while the node is not heard from: `observed` is then the last known. */
  unreachable: z.boolean(),
});
export type Allocation = z.infer<typeof allocationSchema>;
