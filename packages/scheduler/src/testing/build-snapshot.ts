import type { AllocationId, AllocationRow, NodeId, NodeRow, WorkloadRow } from '@cloudless/proto';
import { createSnapshot, type Snapshot } from '../snapshot.ts';

type Rows = {
  readonly nodes?: readonly NodeRow[];
  readonly workloads?: readonly WorkloadRow[];
  readonly allocations?: readonly AllocationRow[];
  readonly now?: number;
  readonly silentMs?: ReadonlyMap<NodeId, number>;
  readonly leaseLeftMs?: ReadonlyMap<AllocationId, number>;
};

/** A snapshot of rows as a test wrote them; each allocation's version is its place in the list. */
export function buildSnapshot({ nodes = [], workloads = [], allocations = [], now = 1_700_000_100_000, ...counted }: Rows): Snapshot {
  return createSnapshot({
    revision: 1,
    now,
    seed: 1,
    nodes,
    workloads,
    ...counted,
    allocations: allocations.map((row, index) => ({ row, version: index + 1 })),
  });
}
