import { z } from 'zod';
import { clusterIdSchema } from './ids.ts';
import { reachSchema } from './join.ts';
import { none, type Procedure } from './procedure.ts';
import { causeSchema, instantSchema, revisionSchema } from './time.ts';

export const clusterSchema = z.strictObject({
  id: clusterIdSchema,
  version: z.string(),
  epoch: z.int(),
  revision: revisionSchema,
  /** Since when what is shown may be old, because the coordinator could not confirm that it leads; absent while it can. */
  staleSince: instantSchema.optional(),
  startedAt: instantSchema,
  trustDomain: z.string(),
  /** SHA-256 of the device CA's public key, hex. */
  deviceCaFingerprint: z.string(),
  webCaFingerprint: z.string().optional(),
  urls: z.array(z.string()),
  dataFolder: z.string(),
});

/** A node of a replicated store, as this coordinator found it when it last asked. */
export const storeNodeSchema = z.strictObject({
  id: z.string(),
  address: z.string(),
  role: z.enum(['leader', 'follower', 'reader', 'unknown']),
  /** By the other nodes. */
  reachable: z.boolean(),
  /** It said nothing to this coordinator, though others reach it. */
  silent: z.literal(true).optional(),
  /** When others last reached it, as far as this coordinator was told. */
  reachedAt: instantSchema.optional(),
  /** Log entries that it has still to apply, against the leader's. */
  lagEntries: z.int().min(0).optional(),
  version: z.string().optional(),
});
export type StoreNode = z.infer<typeof storeNodeSchema>;

/** Where the durable state lies. */
export const storeStatusSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('sqlite'), path: z.string(), bytes: z.number().min(0) }),
  z.strictObject({
    kind: z.literal('rqlite'),
    nodes: z.array(storeNodeSchema).max(64),
    checkedAt: instantSchema,
    /** Why nothing could be learnt of it: its nodes are those that are known then, and none of them answered. */
    failure: causeSchema.optional(),
  }),
]);
export type StoreStatus = z.infer<typeof storeStatusSchema>;

/** A coordinator, as the one that leads knows it. Memory of the leader: a standby is what holds a connection to it. */
export const coordinatorStatusSchema = z.strictObject({
  id: z.string(),
  role: z.enum(['leader', 'standby']),
  /** Absent: nobody but this machine reaches it. */
  address: z.string().optional(),
  version: z.string(),
  /** In this role. */
  sinceAt: instantSchema,
  /** Last sign of life. */
  seenAt: instantSchema,
});
export type CoordinatorStatus = z.infer<typeof coordinatorStatusSchema>;

/** Whether the leader may still act: `sole` needs no lease, because its store has one coordinator. */
export const leadershipSchema = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('sole') }),
  z.strictObject({ state: z.literal('held'), confirmedAt: instantSchema }),
  z.strictObject({ state: z.literal('unconfirmed'), confirmedAt: instantSchema, cause: causeSchema }),
]);
export type Leadership = z.infer<typeof leadershipSchema>;

/** Copies of the cluster's state. Each was read back and found whole before it had its name. */
export const backupStatusSchema = z.strictObject({
  /** Where the daily ones go, on the machine of the coordinator. */
  folder: z.string(),
  everyMs: z.int(),
  last: z.strictObject({ at: instantSchema, file: z.string(), bytes: z.number().min(0), revision: revisionSchema }).optional(),
  /** The last restore that ended whole, and the copy that it came from. */
  restored: z.strictObject({ at: instantSchema, file: z.string(), madeAt: instantSchema }).optional(),
  /** Since the last that was made. */
  failed: z.strictObject({ at: instantSchema, cause: causeSchema }).optional(),
});
export type BackupStatus = z.infer<typeof backupStatusSchema>;

export const clusterStatusSchema = z.strictObject({
  at: instantSchema,
  epoch: z.int(),
  /** Fencing token: how often the lead changed. */
  token: z.int(),
  revision: revisionSchema,
  leadership: leadershipSchema,
  coordinators: z.array(coordinatorStatusSchema).max(64),
  store: storeStatusSchema,
  backups: backupStatusSchema,
});
export type ClusterStatus = z.infer<typeof clusterStatusSchema>;

/** `refused`: the user name or the password. `notRqlite`: something else answers there. */
export const storeUnfitSchema = z.enum(['unreachable', 'refused', 'notRqlite', 'noLeader', 'notEmpty']);

/** Whether a store could take this cluster's state. Nothing was written to it. */
export const storeCheckSchema = z.strictObject({
  fit: z.boolean(),
  reason: storeUnfitSchema.optional(),
  message: z.string().optional(),
  nodes: z.array(storeNodeSchema).max(64),
});

export const CLUSTER_API = {
  'cluster.get': {
    kind: 'query',
    permission: 'cluster.read',
    summary: 'The cluster: version, addresses, trust',
    rest: { method: 'GET', path: '/cluster' },
    input: none,
    output: clusterSchema,
  },
  'cluster.status': {
    kind: 'query',
    permission: 'cluster.read',
    summary: 'Coordinators, who leads, and the store, as observed',
    rest: { method: 'GET', path: '/cluster/status' },
    input: none,
    output: clusterStatusSchema,
  },
  'cluster.backUp': {
    kind: 'mutation',
    permission: 'cluster.update',
    summary: 'Make a backup now, beside those of each day',
    rest: { method: 'POST', path: '/cluster/backups' },
    input: none,
    output: backupStatusSchema,
  },
  'cluster.checkStore': {
    kind: 'mutation',
    permission: 'cluster.update',
    summary: 'Look whether an rqlite cluster could take the state of this cluster; writes nothing',
    rest: { method: 'POST', path: '/cluster/store/check' },
    input: z.strictObject({
      url: z.url({ protocol: /^https?$/, error: 'is not an http:// or https:// address, for example http://10.0.0.5:4001' }).max(255),
      username: z.string().max(128).optional(),
      password: z.string().max(256).optional(),
    }),
    output: storeCheckSchema,
  },
  'cluster.reach': {
    kind: 'query',
    permission: 'cluster.read',
    summary: 'From where devices reach this coordinator, as far as it was checked',
    rest: { method: 'GET', path: '/cluster/reach' },
    input: none,
    output: reachSchema,
  },
  'cluster.checkReach': {
    kind: 'mutation',
    permission: 'cluster.update',
    summary: 'Check the public URL again, from here to itself',
    rest: { method: 'POST', path: '/cluster/reach/check' },
    input: none,
    output: reachSchema,
  },
} as const satisfies Record<string, Procedure>;
