import { z } from 'zod';
import { checkLease, disconnectSchema, LOST_AFTER_MS } from './disconnect.ts';
import { orgIdSchema, projectIdSchema, workloadIdSchema } from './ids.ts';
import { causeSchema, durationMsSchema, instantSchema, paramsSchema, revisionSchema } from './time.ts';

/** A DNS label (RFC 1123): what names a workload, a port, a project. */
export const nameSchema = z
  .string()
  .min(1, 'is empty')
  .max(63, 'is longer than 63 characters')
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'may hold lowercase letters, digits and inner hyphens only');

const labelKey = /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const labelValue = /^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;
/** Kubernetes' syntax of labels; at most 64. */
export const labelsSchema = z
  .record(z.string().regex(labelKey, 'is not a label key'), z.string().regex(labelValue, 'is not a label value'))
  .refine((labels) => Object.keys(labels).length <= 64, 'has more than 64 labels');

/** `[registry[:port]/]path[:tag][@digest]` after the OCI distribution specification 1.1. */
export const imageSchema = z
  .string()
  .min(1, 'is empty')
  .max(512, 'is longer than 512 characters')
  .regex(
    /^(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::\d{1,5})?)\/)?[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*(?::\w[\w.-]{0,127})?(?:@sha256:[a-f0-9]{64})?$/,
    'is not an image name: write [registry/]name[:tag], for example nginx:1.27 (the name in lowercase)',
  );

const quantity = (max: number) => z.int().min(0).max(max);
export const resourcesSchema = z.strictObject({
  /** 1000 is one core. */
  cpuMillicores: quantity(1_024_000),
  memoryBytes: quantity(2 ** 46),
  /** Disk for what a container writes: its own layer and the volumes that its image asks for. Neither its image nor its logs. */
  storageBytes: quantity(2 ** 50),
});
export type Resources = z.infer<typeof resourcesSchema>;
/** What an engine itself gives and limits; the disk is the agent's to keep. */
export type ComputeResources = Omit<Resources, 'storageBytes'>;

export const portSchema = z.strictObject({
  name: nameSchema.max(15, 'is longer than 15 characters'),
  containerPort: z.int().min(1).max(65_535),
  /** 0: the engine chooses. */
  hostPort: z.int().min(0).max(65_535).default(0),
  protocol: z.enum(['TCP', 'UDP']).default('TCP'),
  /** `device`: the device's loopback only. `lan`: every address of the device; engines bypass host firewalls. */
  expose: z.enum(['device', 'lan']).default('device'),
});
export type WorkloadPort = z.infer<typeof portSchema>;

export const restartPolicySchema = z.strictObject({
  policy: z.enum(['always', 'onFailure', 'never']).default('always'),
  /** Local restarts in a row, each within 10 minutes of the one before, after which the allocation fails and is replaced. */
  maxRetries: z.int().min(0).max(100).default(5),
  backoffMs: durationMsSchema.max(600_000).default(1000),
});

const uniqueBy =
  <T>(key: (value: T) => string | number) =>
  (values: readonly T[]) =>
    new Set(values.map(key)).size === values.length;

/** What an issue says of a field or value that a later release serves. */
export const NOT_SERVED = 'is not served yet';
const LATER_TYPES: readonly unknown[] = ['job', 'cron', 'daemon'];

/** What is served of `spec` in `cloudless.io/v1`, in canonical form. `parseWorkloadDocument` accepts the wider syntax. */
export const workloadSpecSchema = z
  .strictObject({
    type: z.literal('service', { error: ({ input }) => (LATER_TYPES.includes(input) ? NOT_SERVED : 'is not service') }).default('service'),
    image: imageSchema,
    /** Replaces the image's entrypoint. `$(NAME)` is replaced by that variable of the allocation's environment, as in Kubernetes. */
    command: z.array(z.string().max(32_768)).max(256).optional(),
    /** Replaces the image's command; `$(NAME)` as above. */
    args: z.array(z.string().max(32_768)).max(256).optional(),
    env: z
      .record(
        z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_.-]*$/, 'is not a variable name')
          .max(256),
        z.string().max(131_072),
      )
      .refine((env) => Object.keys(env).length <= 512, 'has more than 512 variables')
      .default({}),
    replicas: z.int().min(0).max(100).default(1),
    resources: z
      .strictObject({
        /** Reserved on the node. */
        requests: resourcesSchema.partial().default({}),
        /** Enforced: by the engine, and `storageBytes` by the agent, which looks once a minute and ends what is beyond it. */
        limits: resourcesSchema
          .partial()
          .extend({ pids: z.int().min(1).max(1_000_000).optional() })
          .default({}),
      })
      .default({ requests: {}, limits: {} }),
    ports: z
      .array(portSchema)
      .max(32)
      .refine(
        uniqueBy<WorkloadPort>((port) => port.name),
        'has two ports of one name',
      )
      .refine(
        uniqueBy<WorkloadPort>((port) => `${port.containerPort}/${port.protocol}`),
        'has one container port twice',
      )
      .default([]),
    restartPolicy: restartPolicySchema.default({ policy: 'always', maxRetries: 5, backoffMs: 1000 }),
    terminationGraceMs: durationMsSchema.max(3_600_000).default(10_000),
    disconnect: disconnectSchema.default({ lostAfterMs: LOST_AFTER_MS, stopAfterMs: 0, replace: true, reconcile: 'longestRunning' }),
    /** Each replica runs at most once, whatever happens: it is stopped before its successor starts, and holds a lease. */
    exclusive: z.boolean().default(false),
  })
  .superRefine((spec, { addIssue }) => {
    const message = checkLease(spec);
    if (message !== undefined) addIssue({ code: 'custom', path: ['disconnect', 'stopAfterMs'], message });
  });
export type WorkloadSpec = z.infer<typeof workloadSpecSchema>;
export type WorkloadSpecInput = z.input<typeof workloadSpecSchema>;

/** What is reserved where a spec names no request. */
export const DEFAULT_REQUESTS: Resources = { cpuMillicores: 100, memoryBytes: 128 * 2 ** 20, storageBytes: 256 * 2 ** 20 };
/** What is enforced where a spec names no limit. */
export const DEFAULT_LIMITS: Resources & { readonly pids: number } = {
  cpuMillicores: 1000,
  memoryBytes: 512 * 2 ** 20,
  storageBytes: 10 * 2 ** 30,
  pids: 512,
};

/** Requests and limits with the defaults filled in; a limit is never below its request. */
export function effectiveResources(spec: Pick<WorkloadSpec, 'resources'>): { requests: Resources; limits: Resources & { pids: number } } {
  const { requests, limits } = spec.resources;
  const cpuMillicores = requests.cpuMillicores ?? Math.min(DEFAULT_REQUESTS.cpuMillicores, limits.cpuMillicores ?? Infinity);
  const memoryBytes = requests.memoryBytes ?? Math.min(DEFAULT_REQUESTS.memoryBytes, limits.memoryBytes ?? Infinity);
  const storageBytes = requests.storageBytes ?? Math.min(DEFAULT_REQUESTS.storageBytes, limits.storageBytes ?? Infinity);
  return {
    requests: { cpuMillicores, memoryBytes, storageBytes },
    limits: {
      cpuMillicores: limits.cpuMillicores ?? Math.max(DEFAULT_LIMITS.cpuMillicores, cpuMillicores),
      memoryBytes: limits.memoryBytes ?? Math.max(DEFAULT_LIMITS.memoryBytes, memoryBytes),
      storageBytes: limits.storageBytes ?? Math.max(DEFAULT_LIMITS.storageBytes, storageBytes),
      pids: limits.pids ?? DEFAULT_LIMITS.pids,
    },
  };
}

export const workloadMetadataSchema = z.strictObject({
  name: nameSchema,
  labels: labelsSchema.default({}),
  annotations: z.record(z.string().max(256), z.string().max(4096)).default({}),
});

/** The durable row. Only the API writes it, but for the final removal after `deletedAt`, which is the control plane's. */
export const workloadRowSchema = z.strictObject({
  id: workloadIdSchema,
  orgId: orgIdSchema,
  projectId: projectIdSchema,
  ...workloadMetadataSchema.shape,
  spec: workloadSpecSchema,
  /** Grows by one with every change of what is wanted: spec, run state or restart. */
  generation: z.int().min(1),
  /** The newest generation whose change needs new containers (image, command, env, ports, resources, restart); allocations of a lower one are out of date. */
  templateGeneration: z.int().min(1),
  runState: z.enum(['running', 'stopped']),
  /** Port of the gateway (7700–7999) on which its first TCP port is served; absent when it has none. */
  gatewayPort: z.int().min(1).max(65_535).optional(),
  createdAt: instantSchema,
  updatedAt: instantSchema,
  /** Set when deletion was asked for; the row goes when its last allocation has stopped. */
  deletedAt: instantSchema.optional(),
});
export type WorkloadRow = z.infer<typeof workloadRowSchema>;

/** One reason why a slot has no node, per filter. */
export const unplacedReasonSchema = z.strictObject({
  /** Name of the filter that refused: `ready`, `capacity`, `platform`, `ports`, … */
  filter: z.string(),
  nodeCount: z.int().min(0),
  message: z.string(),
  params: paramsSchema.optional(),
});
export const unplacedSchema = z.strictObject({
  slot: z.int().min(0),
  /** Nodes looked at. */
  nodeCount: z.int().min(0),
  reasons: z.array(unplacedReasonSchema),
  /** The smallest change that would place it, as a cause to translate. */
  remedy: causeSchema.optional(),
  /** When the next try is due, where back-off applies. */
  retryAt: instantSchema.optional(),
});
export type Unplaced = z.infer<typeof unplacedSchema>;

export const WORKLOAD_CONDITIONS = [
  'running',
  'starting',
  'updating',
  'degraded',
  'failing',
  'unplaced',
  'stopping',
  'stopped',
  'deleting',
] as const;
/** Computed from observed allocations, never stored. */
export const workloadStatusSchema = z.strictObject({
  condition: z.enum(WORKLOAD_CONDITIONS),
  cause: causeSchema,
  /** When the condition was last observed to change. */
  sinceAt: instantSchema,
  desired: z.int().min(0),
  ready: z.int().min(0),
  /** Newest generation that every running allocation has. */
  observedGeneration: z.int().min(0),
  unplaced: z.array(unplacedSchema),
});
export type WorkloadStatus = z.infer<typeof workloadStatusSchema>;

export const workloadSchema = workloadRowSchema.extend({
  status: workloadStatusSchema,
  /** Stable URL through the gateway, when it has a TCP port. */
  url: z.string().optional(),
  revision: revisionSchema,
});
export type Workload = z.infer<typeof workloadSchema>;
