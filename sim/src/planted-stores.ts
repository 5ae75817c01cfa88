import type { ControlTable, Store } from '@cloudless/db';
import type { Entropy } from '@cloudless/kernel';
import type { AllocationId, NodeRow } from '@cloudless/proto';
import type { Plant } from './plants.ts';

const withTwiceTheRoom = (node: NodeRow): NodeRow => ({
  ...node,
  allocatable: { cpuMillicores: node.allocatable.cpuMillicores * 2, memoryBytes: node.allocatable.memoryBytes * 2 },
});

/** A store in whose devices `isWrong` readings see twice the room. */
function withWrongRoom(store: Store, isWrong: () => boolean): Store {
  function* list<T extends ControlTable>(table: T) {
    const isDoubled = table === 'node' && isWrong();
    for (const versioned of store.list(table)) {
      if (isDoubled) yield { ...versioned, row: withTwiceTheRoom(versioned.row as NodeRow) } as typeof versioned;
      else yield versioned;
    }
  }
  return Object.create(store, { list: { value: list } }) as Store;
}

/** The planted bug: who decides sees twice the room that each device lends. */
const countRoomTwice = (store: Store): Store => withWrongRoom(store, () => true);

/** The planted bug: only every other reading is wrong, so that a plan is judged by another truth than the one it was made on. */
function readTwoTruths(store: Store): Store {
  let readings = 0;
  return withWrongRoom(store, () => (readings += 1) % 2 === 1);
}

/** The planted bug: every new allocation is written three times over, each with an id of its own. */
function placeTwice(store: Store, entropy: Entropy): Store {
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

/** The store as the control plane has it: the store itself, unless a bug is planted there. */
export function misread(store: Store, plant: Plant | undefined, entropy: Entropy): Store {
  if (plant === 'counts-room-twice') return countRoomTwice(store);
  if (plant === 'reads-two-truths') return readTwoTruths(store);
  return plant === 'places-twice' ? placeTwice(store, entropy) : store;
}
