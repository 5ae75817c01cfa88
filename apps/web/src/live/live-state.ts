import type {
  Allocation,
  AllocationId,
  CloudlessError,
  CloudlessNode,
  ClusterEvent,
  Join,
  NodeId,
  Usage,
  Workload,
  WorkloadId,
} from '@cloudless/proto';
import type { FollowState } from '@cloudless/sdk';

/** What a page knows of the cluster, by id. Immutable: a change makes new maps, so that readers compare by identity. */
export type LiveState = {
  readonly connection: FollowState;
  /** The lists have come at least once: what is missing is not there. */
  readonly loaded: boolean;
  /** Why the lists could not be had, while they cannot. */
  readonly failure: CloudlessError | undefined;
  /** When the coordinator was last heard, by this browser's clock. */
  readonly heardAt: number | undefined;
  /** Since when, by the coordinator's clock, what it tells may be older than what others wrote; absent while it leads for certain. */
  readonly staleSince: number | undefined;
  /** The release that told first, which is that of the page; and another one that tells since. */
  readonly version: string | undefined;
  readonly newVersion: string | undefined;
  /** What to add to this browser's clock to get the coordinator's, in ms. */
  readonly skewMs: number;
  readonly nodes: ReadonlyMap<NodeId, CloudlessNode>;
  readonly workloads: ReadonlyMap<WorkloadId, Workload>;
  readonly allocations: ReadonlyMap<AllocationId, Allocation>;
  /** Devices that are about to join, to who may let them in. */
  readonly joins: ReadonlyMap<Join['id'], Join>;
  /** Newest first. */
  readonly events: readonly ClusterEvent[];
  /** Oldest first. */
  readonly nodeUsage: ReadonlyMap<NodeId, readonly Usage[]>;
  readonly allocationUsage: ReadonlyMap<AllocationId, readonly Usage[]>;
};

/** The newest that are kept; older ones are asked for by page. */
export const MAX_EVENTS = 500;
export const USAGE_WINDOW_MS = 15 * 60_000;
export const MAX_SAMPLES = 1000;

export const EMPTY_STATE: LiveState = {
  connection: 'connecting',
  loaded: false,
  failure: undefined,
  heardAt: undefined,
  staleSince: undefined,
  version: undefined,
  newVersion: undefined,
  skewMs: 0,
  nodes: new Map(),
  workloads: new Map(),
  allocations: new Map(),
  joins: new Map(),
  events: [],
  nodeUsage: new Map(),
  allocationUsage: new Map(),
};

/** The lists that a page starts from. */
export type Listed = {
  readonly nodes: readonly CloudlessNode[];
  readonly workloads: readonly Workload[];
  readonly allocations: readonly Allocation[];
  readonly joins: readonly Join[];
  readonly events: readonly ClusterEvent[];
};
