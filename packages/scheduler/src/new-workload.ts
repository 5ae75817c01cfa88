import type { WorkloadRow } from '@cloudless/proto';
import { decidePlan, DEFAULT_OPTIONS, type DecideOptions } from './decide-plan.ts';
import type { Plan } from './plan.ts';
import type { Snapshot } from './snapshot.ts';
import { validatePlan } from './validate-plan.ts';

/**
 * Where a workload goes that is not in the snapshot yet, as `decidePlan` would place it once it is there, and nothing else. `undefined` when it needs more
 * than placements, or not all of it has a device: then the whole is to be decided.
 */
export function decideNewWorkload(snapshot: Snapshot, workload: WorkloadRow, options: DecideOptions = DEFAULT_OPTIONS): Plan | undefined {
  const alone: Snapshot = { ...snapshot, workloads: new Map([[workload.id, workload]]), allocationsOf: new Map() };
  const plan = decidePlan(alone, options);
  const isWhole = plan.place.length === workload.spec.replicas && plan.stop.length + plan.update.length + plan.remove.length === 0;
  return isWhole && validatePlan(plan, alone).length === 0 ? plan : undefined;
}
