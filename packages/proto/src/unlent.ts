import type { AllocationId, ProjectId } from './ids.ts';
import type { LendingRule } from './lending.ts';
import type { Resources } from './workload.ts';

/** What an allocation that is to run takes of its device. */
export type Claim = {
  readonly allocationId: AllocationId;
  readonly projectId: ProjectId;
  readonly requests: Resources;
  readonly isRunning: boolean;
};
/** Of another project than the device is lent to; beyond a ceiling. */
export type Unlent = 'project' | 'room';

const QUANTITIES = ['cpuMillicores', 'memoryBytes', 'storageBytes'] as const;

/** Whether a rule can refuse a single allocation, while the device lends. */
export const isSelective = (rule: LendingRule): boolean =>
  rule.projects !== undefined || QUANTITIES.some((quantity) => rule[quantity] !== undefined);

/**
 * Which of a device's allocations its owner does not lend it for. The planner moves them by this, and the device itself refuses them by
 * it: the same claims give both the same answer. What runs goes before what does not, then lower ids, and each takes its room when it
 * fits: nothing takes the room of what serves already. Pure.
 */
export function listUnlent(rule: LendingRule, claims: readonly Claim[]): ReadonlyMap<AllocationId, Unlent> {
  const unlent = new Map<AllocationId, Unlent>();
  if (!isSelective(rule)) return unlent;
  const left = QUANTITIES.map((quantity) => rule[quantity] ?? Infinity);
  for (const { allocationId, projectId, requests } of claims.toSorted(compare)) {
    if (rule.projects && !rule.projects.includes(projectId)) {
      unlent.set(allocationId, 'project');
      continue;
    }
    const after = QUANTITIES.map((quantity, index) => (left[index] ?? 0) - requests[quantity]);
    if (after.some((remaining) => remaining < 0)) unlent.set(allocationId, 'room');
    else left.splice(0, left.length, ...after);
  }
  return unlent;
}

function compare(one: Claim, other: Claim): number {
  const running = Number(other.isRunning) - Number(one.isRunning);
  return running || (one.allocationId < other.allocationId ? -1 : 1);
}
