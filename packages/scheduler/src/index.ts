export { advanceSnapshot, type SnapshotChanges } from './advance-snapshot.ts';
export { decideCollection, type Collection, type CollectionRules, DEFAULT_COLLECTION_RULES } from './collect.ts';
export { decidePlan, DEFAULT_OPTIONS, type DecideOptions } from './decide-plan.ts';
export { explanationKey } from './explain.ts';
export { countOperations, type Placement, type Plan, type Removal, type Stop, type Update, type Why } from './plan.ts';
export { decideNewWorkload } from './new-workload.ts';
export { createSettled } from './reconcile/settled.ts';
export { previewPlan } from './preview.ts';
export { DEFAULT_WEIGHTS, type ScoreWeights } from './score/weights.ts';
export {
  createSnapshot,
  hostPortsOf,
  isReserving,
  type Snapshot,
  type SnapshotAllocation,
  type SnapshotInput,
  type SnapshotNode,
} from './snapshot.ts';
export { computeStatus } from './status.ts';
export { validatePlan, type Violation } from './validate-plan.ts';
