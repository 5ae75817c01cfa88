import type { Mutation, Store, WriteBatch } from '@cloudless/db';
import type { Clock, Entropy } from '@cloudless/kernel';
import { ID_PREFIX, type BatchId, type EventId, type WorkloadRow } from '@cloudless/proto';
import { decideNewWorkload, validatePlan, type Violation } from '@cloudless/scheduler';
import { composeFirstPlacements, composePlan } from './compose-plan.ts';
import type { Decision } from './decision.ts';
import type { PlanEvent } from './plan-events.ts';
import type { SnapshotReader } from './read-snapshot.ts';

export type ApplyOutcome =
  /** Nothing was to be done, and nothing was written. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'committed'; readonly revision: number }
  /** The state moved on: decide again. */
  | { readonly kind: 'stale'; readonly reason: string }
  /** The plan breaks a rule on the very state it was decided on: a fault of ours, and nothing of it is written. */
  | { readonly kind: 'refused'; readonly violations: readonly Violation[] };

/** The only writer of `allocation.desired`. */
export interface Planner {
  /**
   * Validates a decision against the newest rows and commits it as one guarded batch.
   * @throws CloudlessError as `Store.commit`
   */
  apply(decision: Decision, signal?: AbortSignal): Promise<ApplyOutcome>;
  /**
   * A batch that makes a workload, with all of its placements in it. Nothing else may be decided until it is committed or stale.
   * @param seed as a snapshot has it
   * @returns `undefined` when it makes none that is new, or when more is to be decided than where its replicas go
   */
  withPlacements(batch: WriteBatch, seed: number): WriteBatch | undefined;
}

export type PlannerParts = {
  readonly store: Store;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly snapshots: SnapshotReader;
  /** The event that led to what `event` tells, where it is known. */
  readonly findCause: (event: PlanEvent) => EventId | undefined;
};

export function createPlanner({ store, clock, entropy, snapshots, findCause }: PlannerParts): Planner {
  function toMutation(event: PlanEvent, causeEventId = findCause(event)): Mutation {
    return {
      kind: 'event',
      event: { id: entropy.id(ID_PREFIX.event) as EventId, at: clock.now(), ...event, ...(causeEventId ? { causeEventId } : {}) },
    };
  }

  return {
    async apply(decision, signal) {
      const { plan } = decision;
      const newest = snapshots.read({ now: clock.now(), seed: 0 });
      const violations = validatePlan(plan, newest);
      const [first] = violations;
      if (first)
        return newest.revision === plan.basedOn
          ? { kind: 'refused', violations }
          : { kind: 'stale', reason: `${first.rule}: ${first.message}` };
      const { rows, events } = composePlan(decision, { store, entropy, now: newest.now });
      if (rows.length === 0 && events.length === 0) return { kind: 'unchanged' };
      const mutations = [...rows, ...events.map((event) => toMutation(event))];
      const outcome = await store.commit({ id: entropy.id(ID_PREFIX.batch) as BatchId, mutations, basedOn: newest.revision }, signal);
      if (outcome.kind === 'committed') return outcome;
      return { kind: 'stale', reason: `${outcome.table} ${outcome.id} is at ${outcome.found}, expected ${outcome.expected}` };
    },
    withPlacements(batch, seed) {
      const made = findMade(batch);
      if (!made || store.get('workload', made.row.id)) return undefined;
      const newest = snapshots.read({ now: clock.now(), seed });
      const plan = decideNewWorkload(newest, made.row);
      if (!plan) return undefined;
      const { rows, events } = composeFirstPlacements(plan.place, { store, entropy, now: newest.now, made: made.row });
      const mutations = [...batch.mutations, ...rows, ...events.map((event) => toMutation(event, made.toldBy))];
      return { ...batch, mutations, basedOn: newest.revision };
    },
  };
}

/** The workload that a batch makes, and the event that tells it. */
function findMade({ mutations }: WriteBatch): { readonly row: WorkloadRow; readonly toldBy: EventId | undefined } | undefined {
  const put = mutations.find((mutation) => mutation.kind === 'put' && mutation.table === 'workload' && mutation.expect === 'absent');
  if (put?.kind !== 'put' || put.table !== 'workload') return undefined;
  const event = mutations.find((mutation) => mutation.kind === 'event');
  return { row: put.row, toldBy: event?.event.id };
}
