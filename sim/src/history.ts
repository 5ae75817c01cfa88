import type { WorkloadId } from '@cloudless/proto';

/**
 * What came of a write: `open`: no answer came, and none may; `unknown`: the answer was that nobody knows; `refused`: it did not
 * happen.
 */
type Outcome = 'open' | 'acknowledged' | 'refused' | 'unknown';

/** A change that a person asked for: from what they saw to what they wrote. Attempts are named by their numbers, from 1. */
export type Attempt = {
  readonly kind: 'write';
  readonly id: number;
  readonly workloadId: WorkloadId;
  readonly generation: number;
  readonly isDelete: boolean;
  /** The attempt whose result it changes; 0: nothing may be there. */
  readonly expects: number;
  /** Places in the order of everything that was asked and answered. */
  readonly invokedAt: number;
  returnedAt: number | undefined;
  outcome: Outcome;
};

/** A look: what it saw was written by the attempt `saw`; 0: there was nothing. */
export type Look = {
  readonly kind: 'read';
  readonly workloadId: WorkloadId;
  readonly invokedAt: number;
  returnedAt: number | undefined;
  saw: number | undefined;
};
export type Operation = Attempt | Look;

/** What people asked for and what they were answered, apart from every store. */
export interface History {
  readonly workloads: ReadonlyMap<WorkloadId, readonly Operation[]>;
  /** Of these, the writes. */
  readonly attempts: ReadonlyMap<WorkloadId, readonly Attempt[]>;
  attempt(wanted: Pick<Attempt, 'workloadId' | 'generation' | 'isDelete' | 'expects'>): Attempt;
  answer(attempt: Attempt, outcome: Exclude<Outcome, 'open'>): void;
  look(workloadId: WorkloadId): Look;
  see(look: Look, saw: number): void;
  readonly acknowledged: number;
  readonly reads: number;
  /** Grows with each entry. */
  readonly changes: number;
}

/** The annotation by which a row tells which attempt wrote it. */
export const ATTEMPT = 'sim/attempt';

export const isAttempt = (operation: Operation): operation is Attempt => operation.kind === 'write';

export function createHistory(): History {
  const workloads = new Map<WorkloadId, Operation[]>();
  const attempts = new Map<WorkloadId, Attempt[]>();
  let made = 0;
  let order = 0;
  let acknowledged = 0;
  let reads = 0;

  function add<One extends Operation>(all: Map<WorkloadId, One[]>, operation: One): void {
    const own = all.get(operation.workloadId) ?? [];
    all.set(operation.workloadId, own);
    own.push(operation);
  }

  return {
    workloads,
    attempts,
    attempt(wanted) {
      made += 1;
      order += 1;
      const attempt: Attempt = { kind: 'write', id: made, ...wanted, invokedAt: order, returnedAt: undefined, outcome: 'open' };
      add(workloads, attempt);
      add(attempts, attempt);
      return attempt;
    },
    answer(attempt, outcome) {
      order += 1;
      attempt.outcome = outcome;
      attempt.returnedAt = order;
      if (outcome === 'acknowledged') acknowledged += 1;
    },
    look(workloadId) {
      order += 1;
      const look: Look = { kind: 'read', workloadId, invokedAt: order, returnedAt: undefined, saw: undefined };
      add(workloads, look);
      return look;
    },
    see(look, saw) {
      order += 1;
      look.saw = saw;
      look.returnedAt = order;
      reads += 1;
    },
    get acknowledged() {
      return acknowledged;
    },
    get reads() {
      return reads;
    },
    get changes() {
      return order;
    },
  };
}
