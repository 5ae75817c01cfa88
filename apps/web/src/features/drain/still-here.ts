import { isTerminalPhase, type Allocation, type Unplaced, type Workload } from '@cloudless/proto';

/**
 * How far a replica is that a drained device still holds: `stopping`, as it is served elsewhere or not wanted any more; `moving`, and starts
 * elsewhere; `stuck`, as no device takes it; `waiting`, for its turn.
 */
export type StillHere =
  | { readonly kind: 'stopping' | 'waiting' }
  | { readonly kind: 'moving'; readonly to: Allocation }
  | { readonly kind: 'stuck'; readonly unplaced: Unplaced };

/** Whether the device still has it: what has ended holds nothing. */
export const isHeld = ({ observed }: Pick<Allocation, 'observed'>): boolean => !isTerminalPhase(observed.phase);

/** @param others all allocations of its app */
export function judgeStillHere(held: Allocation, others: readonly Allocation[], workload: Workload | undefined): StillHere {
  if (held.desired === 'stopped') return { kind: 'stopping' };
  const to = others.find((row) => row.slot === held.slot && row.nodeId !== held.nodeId && row.desired === 'running' && isHeld(row));
  if (to) return { kind: 'moving', to };
  const unplaced = workload?.status.unplaced.find(({ slot }) => slot === held.slot);
  return unplaced ? { kind: 'stuck', unplaced } : { kind: 'waiting' };
}
