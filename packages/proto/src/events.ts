import { z } from 'zod';
import { allocationIdSchema, eventIdSchema, nodeIdSchema, orgIdSchema, projectIdSchema, workloadIdSchema } from './ids.ts';
import { instantSchema, revisionSchema } from './time.ts';

/** Closed list. Each has a sentence in the dashboard's catalogue under `events.<kind>`. `event.unknown` is written by nobody: as it is read what a later release calls otherwise. */
export const EVENT_KINDS = [
  'cluster.claimed',
  'cluster.started',
  'cluster.leaderChanged',
  'cluster.backedUp',
  'cluster.backupFailed',
  'cluster.tableLarge',
  'node.joined',
  'node.online',
  'node.degraded',
  'node.asleep',
  'node.unreachable',
  'node.lost',
  'node.left',
  'node.updated',
  'node.cordoned',
  'node.uncordoned',
  'node.removed',
  'node.engineChanged',
  'node.lendingChanged',
  'node.lendingStarted',
  'node.lendingStopped',
  'node.draining',
  'node.drained',
  'node.identityCopied',
  'node.agentUpdated',
  'node.agentUpdateFailed',
  'workload.created',
  'workload.updated',
  'workload.scaled',
  'workload.restarted',
  'workload.stopped',
  'workload.started',
  'workload.deleteRequested',
  'workload.deleted',
  'workload.unplaced',
  'allocation.placed',
  'allocation.stopRequested',
  'allocation.pulling',
  'allocation.started',
  'allocation.ready',
  'allocation.restarted',
  'allocation.failed',
  'allocation.stopped',
  'token.created',
  'token.revoked',
  'joinToken.created',
  'joinToken.used',
  'joinToken.refused',
  'joinToken.cancelled',
  'join.approvalAsked',
  'join.approved',
  'join.denied',
  'join.attacked',
  'person.signedIn',
  'person.signInRefused',
  'person.signedOut',
  'person.recovered',
  'access.denied',
  'event.unknown',
] as const;
export const eventKindSchema = z.enum(EVENT_KINDS);
export type EventKind = z.infer<typeof eventKindSchema>;

export const actorSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('user'), id: z.string(), name: z.string() }),
  z.strictObject({ kind: z.literal('token'), id: z.string(), name: z.string() }),
  z.strictObject({ kind: z.literal('node'), id: z.string(), name: z.string() }),
  z.strictObject({ kind: z.literal('system'), name: z.string() }),
]);
export type Actor = z.infer<typeof actorSchema>;

export const eventSchema = z.strictObject({
  id: eventIdSchema,
  at: instantSchema,
  /** Revision of the batch that carried it. */
  revision: revisionSchema,
  kind: eventKindSchema,
  severity: z.enum(['info', 'warning', 'error']),
  orgId: orgIdSchema,
  projectId: projectIdSchema.optional(),
  actor: actorSchema,
  workloadId: workloadIdSchema.optional(),
  allocationId: allocationIdSchema.optional(),
  nodeId: nodeIdSchema.optional(),
  /** Names and quantities that its sentence needs. */
  params: z.record(z.string(), z.union([z.string(), z.number()])),
  /** English sentence with its cause. */
  message: z.string().max(4000),
  /** The event that led to this one. */
  causeEventId: eventIdSchema.optional(),
});
export type ClusterEvent = z.infer<typeof eventSchema>;
