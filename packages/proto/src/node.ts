import { z } from 'zod';
import { nodeIdSchema, orgIdSchema, userIdSchema } from './ids.ts';
import { lendingRuleSchema, lendingVerdictSchema } from './lending.ts';
import { causeSchema, instantSchema } from './time.ts';
import { labelsSchema, resourcesSchema } from './workload.ts';

export const engineSchema = z.discriminatedUnion('state', [
  z.strictObject({
    state: z.literal('ready'),
    name: z.string(),
    version: z.string(),
    /** `linux/amd64`, … */
    platform: z.string(),
    runtimes: z.array(z.string()),
    cgroup: z.enum(['v1', 'v2', 'unknown']),
    rootless: z.boolean(),
  }),
  z.strictObject({ state: z.enum(['absent', 'stopped', 'forbidden', 'failing']), cause: causeSchema }),
]);
export type Engine = z.infer<typeof engineSchema>;

/** What a device is, as its agent found it. `capacity` is the engine's: a virtual machine's on Docker Desktop. */
export const fingerprintSchema = z.strictObject({
  hostname: z.string().max(255),
  os: z.string().max(128),
  arch: z.enum(['amd64', 'arm64', 'other']),
  kernel: z.string().max(255),
  agentVersion: z.string().max(64),
  engine: engineSchema,
  /** `storageBytes`: free for containers, with what they use already. */
  capacity: resourcesSchema.extend({ storageBytes: z.number().min(0) }),
  power: z.strictObject({ source: z.enum(['mains', 'battery', 'unknown']), batteryPercent: z.number().min(0).max(100).optional() }),
  link: z.strictObject({
    type: z.enum(['wired', 'wifi', 'mobile', 'unknown']),
    metered: z.boolean().optional(),
    /** A Wi-Fi's SSID. */
    name: z.string().max(64).optional(),
  }),
  /** SHA-256 of the machine's id with the node's: two machines that hold one identity differ in it. */
  machineHash: z.string().max(64).optional(),
  /** SHA-256 of the agent's file; absent when it runs from a source tree. */
  agentSha256: z.string().length(64).optional(),
  /** Absent: the agent is too old to judge. */
  lending: lendingVerdictSchema.optional(),
  /** The agent holds leases, so that exclusive replicas may run here; absent before protocol 3. */
  leases: z.boolean().optional(),
});
export type Fingerprint = z.infer<typeof fingerprintSchema>;

export const NODE_STATES = ['online', 'degraded', 'asleep', 'unreachable', 'lost', 'left'] as const;
export const nodeStateSchema = z.strictObject({
  word: z.enum(NODE_STATES),
  cause: causeSchema,
  sinceAt: instantSchema,
});
export type NodeState = z.infer<typeof nodeStateSchema>;

export const nodeNameSchema = z
  .string()
  .min(1, 'is empty')
  .max(63, 'is longer than 63 characters')
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._'()-]*$/u, "may hold letters, digits, spaces and . _ - ' ( )");

export const nodeRowSchema = z.strictObject({
  id: nodeIdSchema,
  orgId: orgIdSchema,
  ownerUserId: userIdSchema.optional(),
  name: nodeNameSchema,
  labels: labelsSchema,
  /** `false`: cordoned, nothing new is placed here. */
  schedulable: z.boolean(),
  /** The owner's; absent: everything, always. */
  lending: lendingRuleSchema.optional(),
  /** Its replicas are moved away, each before it is stopped; what is still there at the deadline is stopped all the same. `leave`: after that the device leaves the cluster. */
  drain: z
    .strictObject({ sinceAt: instantSchema, deadlineAt: instantSchema.optional(), purpose: z.enum(['empty', 'leave']), cause: causeSchema })
    .optional(),
  fingerprint: fingerprintSchema.optional(),
  /** What may be lent: capacity less what the device keeps for itself. */
  allocatable: resourcesSchema.extend({ storageBytes: resourcesSchema.shape.storageBytes.default(0) }),
  state: nodeStateSchema,
  certificate: z.strictObject({ serial: z.string(), notAfter: instantSchema }),
  revokedAt: instantSchema.optional(),
  joinedAt: instantSchema,
  updatedAt: instantSchema,
});
export type NodeRow = z.infer<typeof nodeRowSchema>;

/** A sample of use, as the operating system would say it. Never stored; the coordinator keeps the last 15 minutes in memory. */
export const usageSchema = z.strictObject({
  at: instantSchema,
  cpuMillicores: z.number().min(0),
  memoryBytes: z.number().min(0),
  storageBytes: z.number().min(0).optional(),
  networkRxBps: z.number().min(0).optional(),
  networkTxBps: z.number().min(0).optional(),
});
export type Usage = z.infer<typeof usageSchema>;

export const channelSchema = z.strictObject({ connected: z.boolean(), lastAt: instantSchema.optional(), rttMs: z.number().optional() });

export const nodeSchema = nodeRowSchema.extend({
  requested: resourcesSchema,
  used: usageSchema.optional(),
  channels: z.strictObject({ heartbeat: channelSchema, command: channelSchema }),
  allocationCount: z.int().min(0),
  /** Is the coordinator's own machine. */
  local: z.boolean(),
});
export type CloudlessNode = z.infer<typeof nodeSchema>;
