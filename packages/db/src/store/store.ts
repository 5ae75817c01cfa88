import type { AllocationRow, BatchId, ClusterEvent, NodeRow, WorkloadRow } from '@cloudless/proto';
import type { TableSize } from '../table-sizes.ts';

/** The control tables: loaded whole at start, kept in memory, scheduled from there. People's tables are not among them. */
export type ControlRows = {
  readonly workload: WorkloadRow;
  readonly allocation: AllocationRow;
  readonly node: NodeRow;
};
export type ControlTable = keyof ControlRows;

/** `version` is the revision of the batch that last wrote the row. */
export type Versioned<Row> = { readonly row: Row; readonly version: number };

type PutOf<T extends ControlTable> = {
  readonly kind: 'put';
  readonly table: T;
  readonly row: ControlRows[T];
  /** Version the writer read; `absent` when it must not exist yet. */
  readonly expect: number | 'absent';
};
type RemoveOf<T extends ControlTable> = {
  readonly kind: 'remove';
  readonly table: T;
  readonly id: ControlRows[T]['id'];
  readonly expect: number;
};

/** Writes nothing: the batch holds only while the row is as it was read. */
type CheckOf<T extends ControlTable> = {
  readonly kind: 'check';
  readonly table: T;
  readonly id: ControlRows[T]['id'];
  readonly expect: number;
};

export type Mutation =
  | { [T in ControlTable]: PutOf<T> | RemoveOf<T> | CheckOf<T> }[ControlTable]
  /** Events get their revision from the batch. */
  | { readonly kind: 'event'; readonly event: Omit<ClusterEvent, 'revision'> };

/** One atomic change: all of it becomes durable, or none. */
export type WriteBatch = {
  readonly id: BatchId;
  readonly mutations: readonly Mutation[];
  /**
   * The revision that the whole was decided on, by who also decided on what it did *not* find. It is stale when a change whose outcome
   * nobody knew turns out to have been stored after that.
   */
  readonly basedOn?: number;
};

export type CommitOutcome =
  | { readonly kind: 'committed'; readonly revision: number }
  /** A row changed since it was read, or exists already: read again and decide again. */
  | {
      readonly kind: 'stale';
      readonly table: ControlTable;
      readonly id: string;
      readonly expected: number | 'absent';
      readonly found: number | 'absent';
    };

/** What a committed batch changed, in order, with the rows as they are after it. */
export type Change =
  | {
      [T in ControlTable]: { readonly kind: 'put'; readonly table: T; readonly row: ControlRows[T]; readonly before?: ControlRows[T] };
    }[ControlTable]
  | {
      [T in ControlTable]: { readonly kind: 'remove'; readonly table: T; readonly id: string; readonly before: ControlRows[T] };
    }[ControlTable]
  | { readonly kind: 'event'; readonly event: ClusterEvent };
export type CommittedBatch = { readonly id: BatchId; readonly revision: number; readonly changes: readonly Change[] };

export interface Store {
  /** Newest committed revision. */
  readonly revision: number;
  /** Reads are from memory and see every committed batch. */
  get<T extends ControlTable>(table: T, id: ControlRows[T]['id']): Versioned<ControlRows[T]> | undefined;
  list<T extends ControlTable>(table: T): IterableIterator<Versioned<ControlRows[T]>>;
  /** Allocations of one workload or node, by index. */
  allocationsOfWorkload(workloadId: WorkloadRow['id']): readonly Versioned<AllocationRow>[];
  allocationsOfNode(nodeId: NodeRow['id']): readonly Versioned<AllocationRow>[];
  /**
   * Durable when it resolves with `committed`. Concurrent calls share one group commit; an unknown outcome is settled before it resolves.
   * @throws CloudlessError `store_unavailable`, `outcome_unknown`, `overloaded`
   */
  commit(batch: WriteBatch, signal?: AbortSignal): Promise<CommitOutcome>;
  /** Called after each committed batch, in order, before `commit` resolves. Must not throw or block. Returns how to stop. */
  onCommit(listener: (batch: CommittedBatch) => void): () => void;
  /** Called once whenever a table passes its size alarm (`TABLE_ALARMS`), and not again before it was well below. Returns how to stop. */
  onTableLarge(listener: (size: TableSize) => void): () => void;
  /**
   * Batches after `revision`, or `reset` when they are no longer kept. For streams that resume; what comes later arrives by `onCommit`.
   */
  changesSince(revision: number): { readonly kind: 'changes'; readonly batches: readonly CommittedBatch[] } | { readonly kind: 'reset' };
  /** Events from the database, newest first. `before` is exclusive. */
  listEvents(query: EventQuery, signal?: AbortSignal): Promise<readonly ClusterEvent[]>;
  stop(): Promise<void>;
}

export type EventQuery = {
  readonly orgId: ClusterEvent['orgId'];
  readonly workloadId?: WorkloadRow['id'] | undefined;
  readonly nodeId?: NodeRow['id'] | undefined;
  readonly kinds?: readonly ClusterEvent['kind'][] | undefined;
  /** Page cursor: events older than this one's (revision, position). */
  readonly before?: { readonly revision: number; readonly id: string } | undefined;
  readonly limit: number;
};
