import type { AllocationRow, NodeRow, WorkloadRow } from '@cloudless/proto';
import type { Change, ControlRows, ControlTable, Versioned } from './store.ts';

/** Every control row with its version. Only committed batches reach it. */
export interface ControlMemory {
  get<T extends ControlTable>(table: T, id: string): Versioned<ControlRows[T]> | undefined;
  list<T extends ControlTable>(table: T): IterableIterator<Versioned<ControlRows[T]>>;
  allocationsOfWorkload(workloadId: WorkloadRow['id']): readonly Versioned<AllocationRow>[];
  allocationsOfNode(nodeId: NodeRow['id']): readonly Versioned<AllocationRow>[];
  put<T extends ControlTable>(table: T, row: ControlRows[T], version: number): void;
  /** Takes over what a batch of that revision changed. */
  apply(changes: readonly Change[], revision: number): void;
}

type Rows = { readonly [T in ControlTable]: Map<string, Versioned<ControlRows[T]>> };
type AllocationIndex = Map<string, Map<string, Versioned<AllocationRow>>>;

function indexPut(index: AllocationIndex, key: string, allocation: Versioned<AllocationRow>): void {
  const members = index.get(key);
  if (members) members.set(allocation.row.id, allocation);
  else index.set(key, new Map([[allocation.row.id, allocation]]));
}

function indexRemove(index: AllocationIndex, key: string, id: string): void {
  const members = index.get(key);
  members?.delete(id);
  if (members?.size === 0) index.delete(key);
}

export function createControlMemory(): ControlMemory {
  const rows: Rows = { node: new Map(), workload: new Map(), allocation: new Map() };
  const byWorkload: AllocationIndex = new Map();
  const byNode: AllocationIndex = new Map();
  const table = <T extends ControlTable>(name: T): Map<string, Versioned<ControlRows[T]>> => rows[name];

  function put<T extends ControlTable>(name: T, row: ControlRows[T], version: number): void {
    table(name).set(row.id, { row, version });
    if (name !== 'allocation') return;
    // Identity and node of an allocation never change, so a put never leaves an old index entry behind.
    const allocation = { row: row as AllocationRow, version };
    indexPut(byWorkload, allocation.row.workloadId, allocation);
    indexPut(byNode, allocation.row.nodeId, allocation);
  }

  function remove(name: ControlTable, id: string): void {
    if (name === 'allocation') {
      const allocation = rows.allocation.get(id);
      if (allocation) {
        indexRemove(byWorkload, allocation.row.workloadId, id);
        indexRemove(byNode, allocation.row.nodeId, id);
      }
    }
    rows[name].delete(id);
  }

  return {
    get: (name, id) => table(name).get(id),
    list: (name) => table(name).values(),
    allocationsOfWorkload: (workloadId) => [...(byWorkload.get(workloadId)?.values() ?? [])],
    allocationsOfNode: (nodeId) => [...(byNode.get(nodeId)?.values() ?? [])],
    put,
    apply(changes, revision) {
      for (const change of changes) {
        if (change.kind === 'put') put(change.table, change.row, revision);
        else if (change.kind === 'remove') remove(change.table, change.id);
      }
    },
  };
}
