export { createPlanner, type ApplyOutcome, type Planner } from './create-planner.ts';
export type { Decision } from './decision.ts';
export type { PlanEvent } from './plan-events.ts';
export { createSnapshotReader, readSnapshot, type Counts } from './read-snapshot.ts';
