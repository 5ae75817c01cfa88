import type { Store } from '@cloudless/db';
import { isTerminalPhase, type AllocationRow, type WorkloadRow } from '@cloudless/proto';
import type { Checker, View } from './checker.ts';

type Found = { readonly allocationId: string; readonly generation: number; readonly state: string; readonly device: string };

const containersOf = ({ devices }: View): Found[] =>
  devices.flatMap(({ identity, engine }) =>
    engine.containers.map(({ allocationId, generation, state }) => ({ allocationId, generation, state, device: identity.name })),
  );

function judgeSlot(
  view: View,
  { id, name, templateGeneration }: WorkloadRow,
  slot: number,
  rows: readonly AllocationRow[],
): string | undefined {
  const wanted = rows.filter((row) => row.slot === slot && row.desired === 'running');
  const [only] = wanted;
  if (!only) return view.isExplained(id, slot) ? undefined : `${name} slot ${slot} has no allocation, and nobody says why`;
  if (wanted.length > 1) return `${name} slot ${slot} has ${wanted.length} allocations`;
  // An update goes slot by slot. Where one has no room for a second replica, it and those behind it wait, and the old ones serve.
  const isHeldUp = rows.some((row) => view.isExplained(id, row.slot));
  if (only.templateGeneration !== templateGeneration && !isHeldUp)
    return `${name} slot ${slot} is of an older template, and nobody says why`;
  const { phase, ready, cause } = only.observed;
  return phase === 'running' && ready ? undefined : `${name} slot ${slot} is ${phase}, ready ${ready}: ${cause.message}`;
}

function judgeWorkload(view: View, store: Store, row: WorkloadRow): string | undefined {
  if (row.deletedAt !== undefined) return `${row.name} is still being deleted`;
  const rows = store.allocationsOfWorkload(row.id).map((versioned) => versioned.row);
  const slots = row.runState === 'running' ? row.spec.replicas : 0;
  for (let slot = 0; slot < slots; slot += 1) {
    const fault = judgeSlot(view, row, slot, rows);
    if (fault !== undefined) return fault;
  }
  const surplus = rows.find((one) => one.desired === 'running' && one.slot >= slots);
  if (surplus) return `${row.name} slot ${surplus.slot} is not wanted and not stopped`;
  const stopping = rows.find((one) => one.desired === 'stopped' && !isTerminalPhase(one.observed.phase));
  return stopping && `${row.name} slot ${stopping.slot} does not stop: it is ${stopping.observed.phase}`;
}

/** What engines run is what is recorded as running, no less and no more. */
function judgeContainers(view: View, store: Store): string | undefined {
  const rows = new Map([...store.list('allocation')].map(({ row }) => [row.id as string, row]));
  const running = containersOf(view).filter(({ state }) => state === 'running');
  const orphan = running.find(({ allocationId }) => rows.get(allocationId)?.desired !== 'running');
  if (orphan) return `${orphan.device} runs ${orphan.allocationId}, which nobody wants`;
  const found = new Set(running.map(({ allocationId }) => allocationId));
  const missing = [...rows.values()].find((row) => row.observed.phase === 'running' && !found.has(row.id));
  return missing && `${missing.id} is recorded as running, and no engine runs it`;
}

/** After the last fault, everything comes to be as it is wanted, and is recorded as it is. */
export const convergence: Checker = {
  name: 'the world converges',
  atRest(view) {
    const { store } = view;
    if (!store) return 'no coordinator runs';
    for (const { row } of store.list('node'))
      if (row.state.word !== 'online') return `${row.name} is ${row.state.word}: ${row.state.cause.message}`;
    for (const { row } of store.list('workload')) {
      const fault = judgeWorkload(view, store, row);
      if (fault !== undefined) return fault;
    }
    return judgeContainers(view, store);
  },
};
