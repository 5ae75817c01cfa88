import type { ControlTable, Mutation, Store } from '@cloudless/db';
import type { Entropy } from '@cloudless/kernel';
import type { AllocationId, NodeRow, OrgId } from '@cloudless/proto';
import type { NodeSessionsServer } from '@cloudless/coordinator';
import type { Plant } from './plants.ts';

const withTwiceTheRoom = (node: NodeRow): NodeRow => ({
  ...node,
  allocatable: {
    cpuMillicores: node.allocatable.cpuMillicores * 2,
    memoryBytes: node.allocatable.memoryBytes * 2,
    storageBytes: node.allocatable.storageBytes,
  },
});

/** A store in whose devices readers see something else. */
function withWrongNodes(store: Store, change: (node: NodeRow) => NodeRow): Store {
  function* list<T extends ControlTable>(table: T) {
    const isChanged = table === 'node';
    for (const versioned of store.list(table)) {
      if (isChanged) yield { ...versioned, row: change(versioned.row as NodeRow) } as typeof versioned;
      else yield versioned;
    }
  }
  function get<T extends ControlTable>(table: T, id: Parameters<typeof store.get<T>>[1]) {
    const found = store.get(table, id);
    return found && table === 'node' ? ({ ...found, row: change(found.row as NodeRow) } as typeof found) : found;
  }
  return Object.create(store, { list: { value: list }, get: { value: get } }) as Store;
}

/** The planted bug: everybody's devices are taken for those of the organisation that the first app is of. */
function shareDevices(store: Store): Store {
  const someones = (): OrgId | undefined => [...store.list('workload')][0]?.row.orgId;
  return withWrongNodes(store, (node) => ({ ...node, orgId: someones() ?? node.orgId }));
}

/** The planted bug: who decides sees twice the room that each device lends. */
const countRoomTwice = (store: Store): Store => withWrongNodes(store, withTwiceTheRoom);

/** The planted bug: a drain waits for as long as it takes, whatever its deadline. */
const forgetDeadlines = (store: Store): Store =>
  withWrongNodes(store, ({ drain, ...node }) => {
    if (!drain) return node;
    const { deadlineAt: _, ...endless } = drain;
    return { ...node, drain: endless };
  });

/** A store that writes other mutations than it was asked to. */
function withMutations(store: Store, change: (mutation: Mutation) => readonly Mutation[]): Store {
  const commit: Store['commit'] = (batch, signal) => store.commit({ ...batch, mutations: batch.mutations.flatMap(change) }, signal);
  return Object.create(store, { commit: { value: commit } }) as Store;
}

/** The planted bug: every new allocation is written three times over, each with an id of its own. */
const placeTwice = (store: Store, entropy: Entropy): Store =>
  withMutations(store, (mutation) => {
    if (mutation.kind !== 'put' || mutation.table !== 'allocation' || mutation.expect !== 'absent') return [mutation];
    const again = (): typeof mutation => ({ ...mutation, row: { ...mutation.row, id: entropy.id('alloc') as AllocationId } });
    return [mutation, again(), again()];
  });

/** The planted bug: a plan writes each new allocation twice in one batch, which the store refuses as a broken invariant. */
const writeRowTwice = (store: Store): Store =>
  withMutations(store, (mutation) =>
    mutation.kind === 'put' && mutation.table === 'allocation' && mutation.expect === 'absent' ? [mutation, mutation] : [mutation],
  );

/** The planted bug: the first replica that an update stops takes its siblings with it. */
const updateAllAtOnce = (store: Store): Store =>
  withMutations(store, (mutation) => {
    if (mutation.kind !== 'put' || mutation.table !== 'allocation' || mutation.row.desired !== 'stopped') return [mutation];
    const { id, workloadId, desiredCause, templateGeneration } = mutation.row;
    const workload = store.get('workload', workloadId)?.row;
    if (!workload || workload.templateGeneration <= templateGeneration || workload.runState === 'stopped') return [mutation];
    const siblings = store.allocationsOfWorkload(workloadId).filter(({ row }) => row.id !== id && row.desired === 'running');
    return [
      mutation,
      ...siblings.map(({ row, version }) => {
        const stopped = { ...row, desired: 'stopped', desiredGeneration: row.desiredGeneration + 1, desiredCause } as const;
        return { kind: 'put', table: 'allocation', row: stopped, expect: version } as const;
      }),
    ];
  });

/** The planted bug: what devices report is recorded without its restarts. */
const forgetRestarts = (store: Store): Store =>
  withMutations(store, (mutation) => {
    if (mutation.kind !== 'put' || mutation.table !== 'allocation') return [mutation];
    return [{ ...mutation, row: { ...mutation.row, observed: { ...mutation.row.observed, restarts: 0 } } }];
  });

/** The planted bug: a device is written as it was first known, over what its owner changed since. */
function overwriteDevices(store: Store): Store {
  const first = new Map<string, Pick<NodeRow, 'labels'>>();
  return withMutations(store, (mutation) => {
    if (mutation.kind !== 'put' || mutation.table !== 'node') return [mutation];
    const { id, labels } = mutation.row;
    const known = first.get(id) ?? { labels };
    first.set(id, known);
    return [{ ...mutation, row: { ...mutation.row, ...known } }];
  });
}

/** The store as the node sessions have it: no restart is ever recorded, nor what an owner changed. */
export function misrecord(store: Store, plant: Plant | undefined): Store {
  if (plant === 'overwrites-devices') return overwriteDevices(store);
  return plant === 'forgets-restarts' ? forgetRestarts(store) : store;
}

type Counts = Pick<NodeSessionsServer, 'silentMs' | 'leaseLeftMs'>;

/** What the control plane counts by: the planted bug is that no grant is remembered. */
export const miscount = (counts: Counts, plant: Plant | undefined): Counts =>
  plant !== 'forgets-grants' ? counts : { silentMs: (id) => counts.silentMs(id), leaseLeftMs: () => 0 };

/** The store as the control plane has it: the store itself, unless a bug is planted there. */
export function misread(store: Store, plant: Plant | undefined, entropy: Entropy): Store {
  switch (plant) {
    case 'counts-room-twice':
      return countRoomTwice(store);
    case 'forgets-deadlines':
      return forgetDeadlines(store);
    case 'writes-a-row-twice':
      return writeRowTwice(store);
    case 'places-twice':
      return placeTwice(store, entropy);
    case 'shares-devices':
      return shareDevices(store);
    case 'updates-all-at-once':
      return updateAllAtOnce(store);
    default:
      return store;
  }
}
