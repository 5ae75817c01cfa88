import { z } from 'zod';
import { ROLES, TOKEN_SCOPES } from './access.ts';
import { allocationSchema } from './allocation.ts';
import { CLUSTER_API } from './cluster.ts';
import { eventKindSchema, eventSchema } from './events.ts';
import { allocationIdSchema, apiTokenIdSchema, nodeIdSchema, orgIdSchema, projectIdSchema, workloadIdSchema } from './ids.ts';
import { joinSchema } from './join.ts';
import { logLineSchema } from './link.ts';
import { NODE_API } from './node-api.ts';
import { nodeSchema, usageSchema } from './node.ts';
import { none, okay, page, pageInput, type Procedure } from './procedure.ts';
import { instantSchema, paramsSchema, revisionSchema } from './time.ts';
import { labelsSchema, nameSchema, unplacedSchema, workloadMetadataSchema, workloadSchema, workloadSpecSchema } from './workload.ts';

const workloadRef = { workloadId: workloadIdSchema };
/** Optimistic guard: refused with `stale` when the generation differs. REST takes it from `If-Match`. */
const ifGeneration = { ifGeneration: z.int().min(1).optional() };

export const planPreviewSchema = z.strictObject({
  /** Per wanted slot: where it would start and why, or why nowhere. */
  placements: z.array(
    z.strictObject({
      slot: z.int(),
      nodeId: nodeIdSchema,
      nodeName: z.string(),
      message: z.string(),
      params: paramsSchema.optional(),
      terms: z.record(z.string(), z.number()),
    }),
  ),
  unplaced: z.array(unplacedSchema),
  /** Why each other device was not chosen. */
  rejected: z.array(
    z.strictObject({
      nodeId: nodeIdSchema,
      nodeName: z.string(),
      filter: z.string(),
      message: z.string(),
      params: paramsSchema.optional(),
    }),
  ),
  requests: z.strictObject({ cpuMillicores: z.int(), memoryBytes: z.int(), storageBytes: z.int() }),
  basedOn: revisionSchema,
});
export type PlanPreview = z.infer<typeof planPreviewSchema>;

export const catalogueEntrySchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  description: z.string(),
  license: z.string(),
  /** `false` when no device has its image and none can fetch it. */
  available: z.boolean(),
  metadata: workloadMetadataSchema,
  spec: workloadSpecSchema,
});

export const apiTokenSchema = z.strictObject({
  id: apiTokenIdSchema,
  name: z.string(),
  scope: z.enum(TOKEN_SCOPES),
  /** First characters, to recognise it by. */
  start: z.string(),
  createdAt: instantSchema,
  expiresAt: instantSchema.optional(),
  lastUsedAt: instantSchema.optional(),
});
export type ApiToken = z.infer<typeof apiTokenSchema>;

export const meSchema = z.strictObject({
  user: z.strictObject({ id: z.string(), name: z.string(), email: z.string() }),
  org: z.strictObject({ id: orgIdSchema, name: z.string() }),
  project: z.strictObject({ id: projectIdSchema, name: z.string() }),
  role: z.enum(ROLES),
  /** Not yet used; absent while the store does not answer. */
  recoveryCodesLeft: z.int().min(0).optional(),
});

/**
 * What a page lives by. `id` resumes: pass the last one as `lastEventId`. A `reset` says that the cursor is older than what is
 * kept: list again.
 */
export const liveChangeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('workload'), workload: workloadSchema }),
  z.strictObject({ kind: z.literal('workloadGone'), workloadId: workloadIdSchema }),
  z.strictObject({ kind: z.literal('allocation'), allocation: allocationSchema }),
  z.strictObject({ kind: z.literal('allocationGone'), allocationId: allocationIdSchema }),
  z.strictObject({ kind: z.literal('node'), node: nodeSchema }),
  z.strictObject({ kind: z.literal('nodeGone'), nodeId: nodeIdSchema }),
  z.strictObject({ kind: z.literal('event'), event: eventSchema }),
  /** To who may enrol devices only. */
  z.strictObject({ kind: z.literal('join'), join: joinSchema }),
  z.strictObject({
    kind: z.literal('usage'),
    nodeId: nodeIdSchema,
    usage: usageSchema,
    allocations: z.array(z.strictObject({ allocationId: allocationIdSchema, usage: usageSchema })),
  }),
  /** Sent every 10 s at least, and when `staleSince` changes, so that silence means stale. */
  z.strictObject({
    kind: z.literal('tick'),
    at: instantSchema,
    /** Since when rows may be old, because the coordinator could not confirm that it leads; absent while it can. */
    staleSince: instantSchema.optional(),
    /** Of the release that answers; in the first of a stream. */
    version: z.string().optional(),
  }),
  z.strictObject({ kind: z.literal('reset') }),
]);
export type LiveChange = z.infer<typeof liveChangeSchema>;

export const API = {
  'claim.state': {
    kind: 'query',
    permission: 'public',
    summary: 'Whether the cluster has an owner yet',
    input: none,
    output: z.strictObject({ claimed: z.boolean() }),
  },
  'claim.submit': {
    kind: 'mutation',
    permission: 'public',
    summary: 'Become the first owner with the one-time code; signs in',
    input: z.strictObject({
      code: z.string().min(1).max(64),
      name: z.string().trim().min(1).max(100),
      email: z.email().max(254),
      /** 10 to 128 characters. */
      password: z.string().min(10).max(128),
    }),
    output: z.strictObject({ recoveryCodes: z.array(z.string()) }),
  },
  'recovery.submit': {
    kind: 'mutation',
    permission: 'public',
    summary: 'Set a new password with a recovery code',
    input: z.strictObject({ email: z.email().max(254), code: z.string().min(1).max(64), password: z.string().min(10).max(128) }),
    output: okay,
  },
  'account.me': {
    kind: 'query',
    permission: 'account.read',
    summary: 'Who is signed in, where, as what',
    input: none,
    output: meSchema,
  },
  'account.renewRecoveryCodes': {
    kind: 'mutation',
    permission: 'account.update',
    summary: 'Replace the recovery codes',
    input: none,
    output: z.strictObject({ recoveryCodes: z.array(z.string()) }),
  },
  ...CLUSTER_API,
  ...NODE_API,

  'workload.list': {
    kind: 'query',
    permission: 'workload.read',
    summary: 'Apps',
    rest: { method: 'GET', path: '/workloads' },
    input: z.strictObject(pageInput),
    output: page(workloadSchema),
  },
  'workload.get': {
    kind: 'query',
    permission: 'workload.read',
    summary: 'One app with its status',
    rest: { method: 'GET', path: '/workloads/{workloadId}' },
    input: z.strictObject(workloadRef),
    output: workloadSchema,
  },
  'workload.plan': {
    kind: 'query',
    permission: 'workload.create',
    summary: 'Dry run: where it would start, and why not elsewhere',
    rest: { method: 'POST', path: '/workloads/plan' },
    input: z.strictObject({ metadata: workloadMetadataSchema, spec: workloadSpecSchema, workloadId: workloadIdSchema.optional() }),
    output: planPreviewSchema,
  },
  'workload.create': {
    kind: 'mutation',
    permission: 'workload.create',
    summary: 'Deploy an app',
    rest: { method: 'POST', path: '/workloads' },
    input: z.strictObject({ metadata: workloadMetadataSchema, spec: workloadSpecSchema }),
    output: workloadSchema,
  },
  'workload.update': {
    kind: 'mutation',
    permission: 'workload.update',
    summary: 'Replace the spec and metadata of an app',
    rest: { method: 'PUT', path: '/workloads/{workloadId}' },
    input: z.strictObject({ ...workloadRef, ...ifGeneration, spec: workloadSpecSchema, labels: labelsSchema.optional() }),
    output: workloadSchema,
  },
  'workload.scale': {
    kind: 'mutation',
    permission: 'workload.update',
    summary: 'Set the number of replicas',
    rest: { method: 'POST', path: '/workloads/{workloadId}/scale' },
    input: z.strictObject({ ...workloadRef, ...ifGeneration, replicas: z.int().min(0).max(100) }),
    output: workloadSchema,
  },
  'workload.restart': {
    kind: 'mutation',
    permission: 'workload.update',
    summary: 'Replace every replica, one after the other',
    rest: { method: 'POST', path: '/workloads/{workloadId}/restart' },
    input: z.strictObject({ ...workloadRef, ...ifGeneration }),
    output: workloadSchema,
  },
  'workload.stop': {
    kind: 'mutation',
    permission: 'workload.update',
    summary: 'Stop all replicas and keep the app',
    rest: { method: 'POST', path: '/workloads/{workloadId}/stop' },
    input: z.strictObject({ ...workloadRef, ...ifGeneration }),
    output: workloadSchema,
  },
  'workload.start': {
    kind: 'mutation',
    permission: 'workload.update',
    summary: 'Start a stopped app',
    rest: { method: 'POST', path: '/workloads/{workloadId}/start' },
    input: z.strictObject({ ...workloadRef, ...ifGeneration }),
    output: workloadSchema,
  },
  'workload.deletePreview': {
    kind: 'query',
    permission: 'workload.delete',
    summary: 'Exactly what deletion removes',
    rest: { method: 'GET', path: '/workloads/{workloadId}/deletion' },
    input: z.strictObject(workloadRef),
    output: z.strictObject({
      name: nameSchema,
      replicas: z.array(z.strictObject({ allocationId: allocationIdSchema, nodeName: z.string(), phase: z.string() })),
      url: z.string().optional(),
      keeps: z.array(z.string()),
    }),
  },
  'workload.delete': {
    kind: 'mutation',
    permission: 'workload.delete',
    summary: 'Delete an app and its containers',
    rest: { method: 'DELETE', path: '/workloads/{workloadId}' },
    input: z.strictObject({ ...workloadRef, ...ifGeneration }),
    output: okay,
  },

  'allocation.list': {
    kind: 'query',
    permission: 'workload.read',
    summary: 'Replicas, by app or device',
    rest: { method: 'GET', path: '/allocations' },
    input: z.strictObject({ ...pageInput, workloadId: workloadIdSchema.optional(), nodeId: nodeIdSchema.optional() }),
    output: page(allocationSchema),
  },
  'log.follow': {
    kind: 'subscription',
    permission: 'log.read',
    summary: 'Log lines of all replicas of an app, merged, live',
    input: z.strictObject({
      ...workloadRef,
      allocationId: allocationIdSchema.optional(),
      tail: z.int().min(0).max(5000).default(500),
      /** Names the place in each replica's lines. */
      lastEventId: z.string().max(8192).optional(),
    }),
    output: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('lines'), lines: z.array(logLineSchema) }),
      /** A replica whose lines cannot be had now, and why. */
      z.strictObject({ kind: z.literal('gap'), allocationId: allocationIdSchema, message: z.string() }),
    ]),
  },
  'event.list': {
    kind: 'query',
    permission: 'event.read',
    summary: 'What happened, newest first, with causes',
    rest: { method: 'GET', path: '/events' },
    input: z.strictObject({
      ...pageInput,
      workloadId: workloadIdSchema.optional(),
      nodeId: nodeIdSchema.optional(),
      kinds: z.array(eventKindSchema).max(64).optional(),
    }),
    output: page(eventSchema),
  },
  'live.follow': {
    kind: 'subscription',
    permission: 'workload.read',
    summary: 'Every change a page shows, as it happens',
    input: z.strictObject({ lastEventId: z.string().max(64).optional() }),
    output: liveChangeSchema,
  },
  'catalogue.list': {
    kind: 'query',
    permission: 'workload.read',
    summary: 'Apps that can be installed by one click',
    rest: { method: 'GET', path: '/catalogue' },
    input: none,
    output: z.strictObject({ rows: z.array(catalogueEntrySchema) }),
  },
  'token.list': {
    kind: 'query',
    permission: 'token.read',
    summary: 'Your API tokens',
    input: none,
    output: z.strictObject({ rows: z.array(apiTokenSchema) }),
  },
  'token.create': {
    kind: 'mutation',
    permission: 'token.create',
    summary: 'Make an API token; shown once',
    input: z.strictObject({
      name: z.string().trim().min(1).max(64),
      scope: z.enum(TOKEN_SCOPES),
      expiresInDays: z.int().min(1).max(365).optional(),
    }),
    output: z.strictObject({ token: z.string(), row: apiTokenSchema }),
  },
  'token.revoke': {
    kind: 'mutation',
    permission: 'token.revoke',
    summary: 'Revoke an API token',
    input: z.strictObject({ id: apiTokenIdSchema }),
    output: okay,
  },
} as const satisfies Record<string, Procedure>;

export type ProcedureName = keyof typeof API;
export type ProcedureInput<N extends ProcedureName> = z.output<(typeof API)[N]['input']>;
export type ProcedureOutput<N extends ProcedureName> = z.output<(typeof API)[N]['output']>;
