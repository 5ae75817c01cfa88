import type { ControlTable, Store } from '@cloudless/db';
import type { Entropy } from '@cloudless/kernel';
import type { AllocationId, NodeRow } from '@cloudless/proto';

const withTwiceTheRoom = (node: NodeRow): NodeRow => ({
  ...node,
  allocatable: { cpuMillicores: node.allocatable.cpuMillicores * 2, memoryBytes: node.allocatable.memoryBytes * 2 },
});

/** The planted bug: who decides sees twice the room that each device lends. */
export function countRoomTwice(store: Store): Store {
  function* list<T extends ControlTable>(table: T) {
    for (const versioned of store.list(table)) {
      if (table === 'node') yield { ...versioned, row: withTwiceTheRoom(versioned.row as NodeRow) } as typeof versioned;
      else yield versioned;
    }
  }
  return Object.create(store, { list: { value: list } }) as Store;
}

/** The planted bug: every new allocation is written three times over, each with an id of its own. */
export function placeTwice(store: Store, entropy: Entropy): Store {
  const commit: Store['commit'] = (batch, signal) =>
    store.commit(
      {
        ...batch,
        mutations: batch.mutations.flatMap((mutation) => {
          if (mutation.kind !== 'put' || mutation.table !== 'allocation' || mutation.expect !== 'absent') return [mutation];
          const again = (): typeof mutation => ({ ...mutation, row: { ...mutation.row, id: entropy.id('alloc') as AllocationId } });
          return [mutation, again(), again()];
        }),
      },
      signal,
    );
  return Object.create(store, { commit: { value: commit } }) as Store;
}
