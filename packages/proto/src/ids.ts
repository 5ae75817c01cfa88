import { z } from 'zod';

/** 26 lowercase base32 characters after the prefix: what `entropy.id(prefix)` makes. */
const idSchema = <Prefix extends string, Brand extends string>(prefix: Prefix, _brand: Brand) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_[a-z2-7]{26}$`), `is not an id of the form ${prefix}_ and 26 letters or digits`)
    .transform((value) => value as `${Prefix}_${string}` & { readonly __brand: Brand });

/** Prefix of each kind of id; pass it to `entropy.id`. */
export const ID_PREFIX = {
  cluster: 'cluster',
  coordinator: 'coord',
  organization: 'org',
  project: 'prj',
  user: 'usr',
  node: 'node',
  workload: 'wl',
  allocation: 'alloc',
  event: 'ev',
  apiToken: 'tok',
  joinToken: 'join',
  batch: 'batch',
} as const;

type Id<Prefix extends string, Brand extends string> = `${Prefix}_${string}` & { readonly __brand: Brand };
export type ClusterId = Id<'cluster', 'ClusterId'>;
export type CoordinatorId = Id<'coord', 'CoordinatorId'>;
export type OrgId = Id<'org', 'OrgId'>;
export type ProjectId = Id<'prj', 'ProjectId'>;
export type UserId = Id<'usr', 'UserId'>;
export type NodeId = Id<'node', 'NodeId'>;
export type WorkloadId = Id<'wl', 'WorkloadId'>;
export type AllocationId = Id<'alloc', 'AllocationId'>;
export type EventId = Id<'ev', 'EventId'>;
export type ApiTokenId = Id<'tok', 'ApiTokenId'>;
export type JoinTokenId = Id<'join', 'JoinTokenId'>;
export type BatchId = Id<'batch', 'BatchId'>;

export const clusterIdSchema = idSchema('cluster', 'ClusterId');
export const coordinatorIdSchema = idSchema('coord', 'CoordinatorId');
export const orgIdSchema = idSchema('org', 'OrgId');
export const projectIdSchema = idSchema('prj', 'ProjectId');
export const userIdSchema = idSchema('usr', 'UserId');
export const nodeIdSchema = idSchema('node', 'NodeId');
export const workloadIdSchema = idSchema('wl', 'WorkloadId');
export const allocationIdSchema = idSchema('alloc', 'AllocationId');
export const eventIdSchema = idSchema('ev', 'EventId');
export const apiTokenIdSchema = idSchema('tok', 'ApiTokenId');
export const joinTokenIdSchema = idSchema('join', 'JoinTokenId');
export const batchIdSchema = idSchema('batch', 'BatchId');
