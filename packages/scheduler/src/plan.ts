import type { AllocationId, Cause, NodeId, Unplaced, WorkloadId, WorkloadSpec } from '@cloudless/proto';

/** A new allocation of a slot. Its id is given when the plan is applied, because ids draw on chance. */
export type Placement = {
  readonly workloadId: WorkloadId;
  readonly slot: number;
  readonly nodeId: NodeId;
  readonly templateGeneration: number;
  readonly score: number;
  readonly terms: Readonly<Record<string, number>>;
  /** Why on this node. */
  readonly message: string;
  readonly params: Readonly<Record<string, number>>;
  /** Why a new allocation was needed. */
  readonly cause: Cause;
  /** The one that it stands in for, which is kept until this one is ready. */
  readonly replaces?: AllocationId;
};

/** A change of what an allocation is told that needs no new container. */
export type Update = { readonly allocationId: AllocationId; readonly spec: WorkloadSpec; readonly cause: Cause };
/** First phase of a stop: the agent is told, reports `stopped`, and only then the row may go. */
export type Stop = { readonly allocationId: AllocationId; readonly cause: Cause };
/** The row goes: nothing runs for it, or its node is out of the cluster. */
export type Removal = { readonly allocationId: AllocationId; readonly cause: Cause };

/** Why a workload's slots have no new allocation; empty when every slot is served. Covers every workload that was decided on. */
export type Why = { readonly workloadId: WorkloadId; readonly unplaced: readonly Unplaced[] };

/** The whole decision as data: dry run, log line and execution are this one value. */
export type Plan = {
  /** Revision of the snapshot. */
  readonly basedOn: number;
  readonly place: readonly Placement[];
  readonly update: readonly Update[];
  readonly stop: readonly Stop[];
  readonly remove: readonly Removal[];
  readonly why: readonly Why[];
  /** Wall time in ms of the next moment at which time alone changes the decision. */
  readonly wakeAt?: number;
  /** More was due than one plan may hold: decide again at once. */
  readonly truncated: boolean;
};

/** Number of changes that a plan asks for. */
export const countOperations = (plan: Pick<Plan, 'place' | 'update' | 'stop' | 'remove'>): number =>
  plan.place.length + plan.update.length + plan.stop.length + plan.remove.length;
