import type { Store } from '@cloudless/db';
import type { NodeId, NodeRow, WorkloadId, WorkloadRow } from '@cloudless/proto';

/** What people look at and change: an app, or a device. */
export type RowId = WorkloadId | NodeId;

/**
 * What came of a write: `open`: no answer came, and none may; `unknown`: the answer was that nobody knows; `refused`: it did not
 * happen.
 */
type Outcome = 'open' | 'acknowledged' | 'refused' | 'unknown';

/** A change that a person asked for: from what they saw to what they wrote. Attempts are named by their numbers, from 1. */
export type Attempt = {
  readonly kind: 'write';
  readonly id: number;
  readonly rowId: RowId;
  /** Of apps their generation; of devices how many changes there were. */
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
  readonly rowId: RowId;
  readonly invokedAt: number;
  returnedAt: number | undefined;
  saw: number | undefined;
};
export type Operation = Attempt | Look;

/** What people asked for and what they were answered, apart from every store. */
export interface History {
  readonly operations: ReadonlyMap<RowId, readonly Operation[]>;
  /** Of these, the writes. */
  readonly attempts: ReadonlyMap<RowId, readonly Attempt[]>;
  attempt(wanted: Pick<Attempt, 'rowId' | 'generation' | 'isDelete' | 'expects'>): Attempt;
  answer(attempt: Attempt, outcome: Exclude<Outcome, 'open'>): void;
  /** As acknowledged, of what was there before people asked for anything: it counts for no write of theirs. */
  found(attempt: Attempt): void;
  look(rowId: RowId): Look;
  see(look: Look, saw: number): void;
  readonly acknowledged: number;
  readonly reads: number;
  /** Grows with each entry. */
  readonly changes: number;
}

/** The annotation of an app and the label of a device by which it tells which attempt wrote it. */
export const ATTEMPT = 'sim/attempt';

/** Which attempt wrote it; 0: there is nothing. */
export const attemptOf = (row: WorkloadRow | NodeRow | undefined): number =>
  Number((row && ('annotations' in row ? row.annotations : row.labels)[ATTEMPT]) ?? 0);

export const findRow = (store: Store, id: RowId): WorkloadRow | NodeRow | undefined =>
  store.get('workload', id as WorkloadId)?.row ?? store.get('node', id as NodeId)?.row;

export const isAttempt = (operation: Operation): operation is Attempt => operation.kind === 'write';

export function createHistory(): History {
  const operations = new Map<RowId, Operation[]>();
  const attempts = new Map<RowId, Attempt[]>();
  let made = 0;
  let order = 0;
  let acknowledged = 0;
  let reads = 0;

  function add<One extends Operation>(all: Map<RowId, One[]>, operation: One): void {
    const own = all.get(operation.rowId) ?? [];
    all.set(operation.rowId, own);
    own.push(operation);
  }

  function end(attempt: Attempt, outcome: Outcome): void {
    order += 1;
    attempt.outcome = outcome;
    attempt.returnedAt = order;
  }

  return {
    operations,
    attempts,
    attempt(wanted) {
      made += 1;
      order += 1;
      const attempt: Attempt = { kind: 'write', id: made, ...wanted, invokedAt: order, returnedAt: undefined, outcome: 'open' };
      add(operations, attempt);
      add(attempts, attempt);
      return attempt;
    },
    found: (attempt) => end(attempt, 'acknowledged'),
    answer(attempt, outcome) {
      end(attempt, outcome);
      if (outcome === 'acknowledged') acknowledged += 1;
    },
    look(rowId) {
      order += 1;
      const look: Look = { kind: 'read', rowId, invokedAt: order, returnedAt: undefined, saw: undefined };
      add(operations, look);
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
