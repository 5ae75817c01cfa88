import type { AllocationRow, WorkloadRow, WorkloadSpec } from '@cloudless/proto';

const withoutReplicas = ({ replicas: _, ...rest }: WorkloadSpec): Omit<WorkloadSpec, 'replicas'> => rest;

/** The order of keys is the parser's, except in records that people wrote. */
function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const left = Object.entries(a).filter(([, value]) => value !== undefined);
  const right = new Map(Object.entries(b).filter(([, value]) => value !== undefined));
  return left.length === right.size && left.every(([key, value]) => right.has(key) && isEqual(value, right.get(key)));
}

/**
 * The allocation holds what the workload says, the number of replicas aside: its agent needs nothing of that, and a change of it is
 * no reason to tell every agent.
 */
export const isSpecCurrent = (row: AllocationRow, workload: WorkloadRow): boolean =>
  row.spec === workload.spec || isEqual(withoutReplicas(row.spec), withoutReplicas(workload.spec));
