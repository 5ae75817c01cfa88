import type { Change } from '@cloudless/db';
import type { AllocationRow, Assignment, AssignmentChange, LendingRule, NodeId } from '@cloudless/proto';

/** What the agent is told of an allocation. */
export const toAssignment = (row: AllocationRow): Assignment => ({
  allocationId: row.id,
  orgId: row.orgId,
  projectId: row.projectId,
  workloadId: row.workloadId,
  workloadName: row.workloadName,
  slot: row.slot,
  generation: row.desiredGeneration,
  desired: row.desired,
  spec: row.spec,
});

/** Protocol since which agents know `spec.disconnect`, `spec.exclusive` and `storageBytes` of specs and lending rules. */
const DISCONNECT_SINCE = 3;

const withoutDisk = <T extends { storageBytes?: number | undefined }>({ storageBytes: _, ...rest }: T): Omit<T, 'storageBytes'> => rest;

/** As an agent of that protocol knows it. An exclusive replica is never placed on one that knows no leases. */
export function forAgent(assignment: Assignment, protocol: number): Assignment {
  if (protocol >= DISCONNECT_SINCE) return assignment;
  const { disconnect: _, exclusive: __, resources, ...spec } = assignment.spec;
  const known = { ...spec, resources: { requests: withoutDisk(resources.requests), limits: withoutDisk(resources.limits) } };
  // The link checks what is sent against this release's schema, which fills both in, and sends it as it is here.
  return { ...assignment, spec: known as Assignment['spec'] };
}

/** The owner's rule as an agent of that protocol knows it: an earlier one keeps no ceiling on its disk. */
export const ruleForAgent = (rule: LendingRule, protocol: number): LendingRule => (protocol >= DISCONNECT_SINCE ? rule : withoutDisk(rule));

export const changeForAgent = (change: AssignmentChange, protocol: number): AssignmentChange =>
  change.kind === 'put' ? { ...change, assignment: forAgent(change.assignment, protocol) } : change;

/** What a committed batch means to each node it concerns. Reports come back as changes too and mean nothing: only `desired` counts. */
export function changesByNode(changes: readonly Change[]): ReadonlyMap<NodeId, readonly AssignmentChange[]> {
  const byNode = new Map<NodeId, AssignmentChange[]>();
  const add = (nodeId: NodeId, change: AssignmentChange): void => {
    const known = byNode.get(nodeId);
    if (known) known.push(change);
    else byNode.set(nodeId, [change]);
  };
  for (const change of changes) {
    if (change.kind === 'event' || change.table !== 'allocation') continue;
    if (change.kind === 'remove') add(change.before.nodeId, { kind: 'remove', allocationId: change.before.id });
    else if (isNews(change.row, change.before)) add(change.row.nodeId, { kind: 'put', assignment: toAssignment(change.row) });
  }
  return byNode;
}

const isNews = (row: AllocationRow, before: AllocationRow | undefined): boolean =>
  before === undefined || before.desiredGeneration !== row.desiredGeneration || before.desired !== row.desired;
