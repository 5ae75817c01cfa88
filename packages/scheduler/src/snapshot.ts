import {
  effectiveResources,
  isSelective,
  isTerminalPhase,
  listUnlent,
  LOST_AFTER_MS,
  type AllocationId,
  type AllocationRow,
  type Claim,
  type DisconnectPolicy,
  type NodeId,
  type NodeRow,
  type OrgId,
  type Resources,
  type WorkloadId,
  type WorkloadRow,
} from '@cloudless/proto';
import { isEligible } from './feasible/filters.ts';
import { isLending } from './feasible/lending.ts';
import { advanceNodeList, createNodeList, type NodeList } from './node-list.ts';
import { NodeTable } from './node-table.ts';
import { networkPenalty } from './score/network-penalty.ts';

/** A node with what is left of it. `remaining` may be negative when a device shrank under its allocations. */
export type SnapshotNode = {
  readonly row: NodeRow;
  readonly remaining: Resources;
  /** Host ports in use, as `TCP/8080`. */
  readonly takenPorts: ReadonlySet<string>;
  /** Passes the filters that look at the node alone: judged once a snapshot, not once a workload. */
  readonly isEligible: boolean;
  /** What its link costs a service; see `networkPenalty`. */
  readonly networkPenalty: number;
  /** How long it has not answered, in ms; 0 while it does, infinite when it said goodbye. */
  readonly awayMs: number;
  /** What it is not lent for: beyond the owner's ceilings, or of another project. It is to move, and the device will stop it. */
  readonly unlent: ReadonlySet<AllocationId>;
};

export type SnapshotAllocation = {
  readonly row: AllocationRow;
  /** Revision that last wrote the row: the order of what happened, which wall time is not. */
  readonly version: number;
};

/** Everything a decision may look at, at one revision. Never changed after it is made. */
export type Snapshot = {
  readonly revision: number;
  /** Wall time in ms at which the decision is made. */
  readonly now: number;
  /** Draws the jitter of back-off: the same snapshot and seed give the same plan. */
  readonly seed: number;
  readonly nodes: NodeTable;
  /** Nodes that an organisation's workloads may be placed on, by id. */
  readonly nodesOfOrg: ReadonlyMap<OrgId, NodeList>;
  readonly workloads: ReadonlyMap<WorkloadId, WorkloadRow>;
  readonly allocationsOf: ReadonlyMap<WorkloadId, readonly SnapshotAllocation[]>;
  /** Of exclusive allocations: time in ms until each has surely ended if nobody renews its lease. Absent: nobody knows. */
  readonly leaseLeftMs: ReadonlyMap<AllocationId, number>;
};

export type SnapshotInput = {
  readonly revision: number;
  readonly now: number;
  readonly seed: number;
  readonly nodes: Iterable<NodeRow>;
  readonly workloads: Iterable<WorkloadRow>;
  readonly allocations: Iterable<SnapshotAllocation>;
  /** Silence of nodes as this leader counted it, in ms of boot time. */
  readonly silentMs?: ReadonlyMap<NodeId, number>;
  readonly leaseLeftMs?: ReadonlyMap<AllocationId, number>;
};

/** Whether an allocation holds its requests and ports: until its container is known to be gone. */
export const isReserving = (row: AllocationRow): boolean => !isTerminalPhase(row.observed.phase);

/** Host ports that an allocation uses or asks for, as `TCP/8080`. */
export function hostPortsOf(row: Pick<AllocationRow, 'spec' | 'observed'>): string[] {
  const keys: string[] = [];
  for (const port of row.spec.ports) {
    const used = row.observed.hostPorts[port.name] ?? port.hostPort;
    if (used > 0) keys.push(`${port.protocol}/${used}`);
  }
  return keys;
}

type Held = { readonly row: AllocationRow };
const NOTHING: readonly Held[] = [];
const NO_PORTS: ReadonlySet<string> = new Set();
const NONE_UNLENT: ReadonlySet<AllocationId> = new Set();

/** Builds the view in one pass over nodes and one over allocations. */
export function createSnapshot({ revision, now, seed, ...input }: SnapshotInput): Snapshot {
  const allocationsOf = new Map<WorkloadId, SnapshotAllocation[]>();
  const allocationsOn = new Map<NodeId, Held[]>();
  for (const allocation of input.allocations) {
    addTo(allocationsOf, allocation.row.workloadId, allocation);
    addTo(allocationsOn, allocation.row.nodeId, allocation);
  }
  const nodes: SnapshotNode[] = [];
  const groups = new Map<OrgId, SnapshotNode[]>();
  for (const row of input.nodes) {
    const node = judgeNode(row, allocationsOn.get(row.id) ?? NOTHING, input.silentMs?.get(row.id));
    nodes.push(node);
    addTo(groups, row.orgId, node);
  }
  const nodesOfOrg = new Map([...groups].map(([orgId, group]) => [orgId, createNodeList(group)]));
  const workloads = new Map([...input.workloads].map((row) => [row.id, row]));
  const { leaseLeftMs = new Map() } = input;
  return { revision, now, seed, nodes: new NodeTable(nodes), nodesOfOrg, workloads, allocationsOf, leaseLeftMs };
}

/** Puts a value into its group. */
export function addTo<Key, Value>(groups: Map<Key, Value[]>, key: Key, value: Value): void {
  const group = groups.get(key);
  if (group) group.push(value);
  else groups.set(key, [value]);
}

/**
 * A node with what its allocations leave of it, and what can be said of it whatever is to be placed.
 * @param silentMs as this leader counted it, in boot time
 */
export function judgeNode(row: NodeRow, held: readonly Held[], silentMs: number | undefined): SnapshotNode {
  const judged = { row, isEligible: isEligible(row), networkPenalty: networkPenalty(row), awayMs: awayMs(row, silentMs) };
  if (held.length === 0) return { ...judged, remaining: row.allocatable, takenPorts: NO_PORTS, unlent: NONE_UNLENT };
  let { cpuMillicores, memoryBytes, storageBytes } = row.allocatable;
  const takenPorts = new Set<string>();
  for (const { row: allocation } of held) {
    if (!isReserving(allocation)) continue;
    const { requests } = effectiveResources(allocation.spec);
    cpuMillicores -= requests.cpuMillicores;
    memoryBytes -= requests.memoryBytes;
    storageBytes -= requests.storageBytes;
    for (const key of hostPortsOf(allocation)) takenPorts.add(key);
  }
  return { ...judged, remaining: { cpuMillicores, memoryBytes, storageBytes }, takenPorts, unlent: findUnlent(row, held) };
}

function findUnlent({ lending }: NodeRow, held: readonly Held[]): ReadonlySet<AllocationId> {
  if (!lending || !isSelective(lending)) return NONE_UNLENT;
  const claims = held.filter(({ row }) => isReserving(row) && row.desired === 'running' && row.observed.phase !== 'stopping').map(claimOf);
  return new Set(listUnlent(lending, claims).keys());
}

const claimOf = ({ row: { id, projectId, spec, observed } }: Held): Claim => ({
  allocationId: id,
  projectId,
  requests: effectiveResources(spec).requests,
  isRunning: observed.phase === 'running',
});

/** A word in the store outlives the leader whose count led to it. */
function awayMs({ state: { word } }: NodeRow, silentMs = 0): number {
  if (word === 'online' || word === 'degraded') return 0;
  if (word === 'left') return Infinity;
  return word === 'lost' ? Math.max(silentMs, LOST_AFTER_MS) : silentMs;
}

/** The node answers: what its agent last said is how things are. */
export const isHeard = (node: SnapshotNode): boolean => node.row.state.word === 'online' || node.row.state.word === 'degraded';

/** The device is known to be gone, by its word. */
export const isLost = (node: SnapshotNode): boolean => node.row.state.word === 'lost' || node.row.state.word === 'left';

/** The device has been away for so long that allocations under this policy are to run elsewhere. */
export const isLostTo = ({ replace, lostAfterMs }: DisconnectPolicy, node: SnapshotNode): boolean => replace && node.awayMs >= lostAfterMs;

/** The node's allocations are to move: each keeps running until its replacement does, as long as the device lets it. */
export const isToBeEmptied = (node: SnapshotNode): boolean => node.row.drain !== undefined || !isLending(node.row);

/** The node was taken out of the cluster: its rows go. */
export const isGone = (node: SnapshotNode | undefined): boolean => node === undefined || node.row.revokedAt !== undefined;

/**
 * Whether the container of an allocation may still run, as far as the promise of exclusive replicas goes: it did not end, and it may
 * get a lease or has one. One that never had a lease may run until its device answers, or is removed by a person.
 */
export function mayStillRun(snapshot: Snapshot, row: AllocationRow): boolean {
  if (isTerminalPhase(row.observed.phase)) return false;
  const isRemoved = isGone(snapshot.nodes.get(row.nodeId));
  if (!row.spec.exclusive) return !isRemoved;
  if (row.desired === 'running' && !isRemoved) return true;
  return (snapshot.leaseLeftMs.get(row.id) ?? Infinity) > 0;
}

/** The node with the room and ports of one of its allocations given back. */
export function withoutAllocation(node: SnapshotNode, row: AllocationRow): SnapshotNode {
  const { cpuMillicores, memoryBytes, storageBytes } = effectiveResources(row.spec).requests;
  const takenPorts = new Set(node.takenPorts);
  for (const key of hostPortsOf(row)) takenPorts.delete(key);
  return {
    ...node,
    remaining: {
      cpuMillicores: node.remaining.cpuMillicores + cpuMillicores,
      memoryBytes: node.remaining.memoryBytes + memoryBytes,
      storageBytes: node.remaining.storageBytes + storageBytes,
    },
    takenPorts,
  };
}

/** The snapshot as it would be without any allocation of one workload. */
export function withoutWorkload(snapshot: Snapshot, workloadId: WorkloadId): Snapshot {
  const own = (snapshot.allocationsOf.get(workloadId) ?? []).filter(({ row }) => isReserving(row));
  if (own.length === 0) return snapshot;
  const changed = new Map<NodeId, SnapshotNode>();
  for (const { row } of own) {
    const node = changed.get(row.nodeId) ?? snapshot.nodes.get(row.nodeId);
    if (node) changed.set(row.nodeId, withoutAllocation(node, row));
  }
  const changes = { changed, added: [] };
  const nodesOfOrg = new Map([...snapshot.nodesOfOrg].map(([orgId, list]) => [orgId, advanceNodeList(list, changes)]));
  const allocationsOf = new Map(snapshot.allocationsOf);
  allocationsOf.delete(workloadId);
  return { ...snapshot, nodes: snapshot.nodes.advance(changes), nodesOfOrg, allocationsOf };
}
