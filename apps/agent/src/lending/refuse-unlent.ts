import {
  WITHHELD,
  effectiveResources,
  isSelective,
  isTerminalPhase,
  listUnlent,
  type Assignment,
  type Cause,
  type Claim,
  type LendingRule,
  type Unlent,
} from '@cloudless/proto';
import type { Held } from '../state/held.ts';

const CAUSES: Readonly<Record<Unlent, Cause>> = {
  project: { code: WITHHELD, message: 'The device is lent to apps of other projects only.' },
  room: { code: WITHHELD, message: 'It would take more of the device than its owner lends.' },
};

/**
 * Why one assignment may not run on a device that lends: it is of another project, or beyond the ceilings. The coordinator places by the
 * same rule; this holds when it was decided before the owner changed it, and against a coordinator that does not keep to it.
 *
 * @param isMoving what runs may run on: it is being moved
 */
export function refuseUnlent(
  { allocationId }: Assignment,
  held: Pick<Held, 'assignments' | 'memory'>,
  { rule, isMoving }: { readonly rule: LendingRule; readonly isMoving: boolean },
): Cause | undefined {
  if (!isSelective(rule)) return undefined;
  if (isMoving && held.memory(allocationId)?.observed.phase === 'running') return undefined;
  const unlent = listUnlent(rule, claimsOf(held)).get(allocationId);
  return unlent && CAUSES[unlent];
}

/** What is being stopped claims no room: it is over with it. */
function claimsOf(held: Pick<Held, 'assignments' | 'memory'>): Claim[] {
  return held.assignments().flatMap(({ allocationId, projectId, desired, spec }) => {
    const phase = held.memory(allocationId)?.observed.phase ?? 'pending';
    if (desired === 'stopped' || phase === 'stopping' || isTerminalPhase(phase)) return [];
    return [{ allocationId, projectId, requests: effectiveResources(spec).requests, isRunning: phase === 'running' }];
  });
}
