/**
 * What the database stores. Numbers are finite; integers beyond 2^53 are `bigint` within int64. A DATETIME column holds text as
 * `toIsoTime` writes it, a BOOLEAN one 0, 1 or null, and blobs are read from columns, not from expressions: the clustered database
 * keeps no others intact.
 */
export type SqlValue = null | string | number | bigint | Uint8Array;

export type Statement = { readonly sql: string; readonly params?: readonly SqlValue[] };

/** Rows as arrays, in the order of `columns`. `types` are the declared types (`TEXT`, `DATETIME`); for an expression null, or the type of the first value. */
export type SqlRows = {
  readonly columns: readonly string[];
  readonly types: readonly (string | null)[];
  readonly rows: readonly (readonly SqlValue[])[];
};

/** What one statement of a batch did. `returned` holds the rows of a `RETURNING` clause. */
export type StatementResult = {
  readonly changes: number;
  readonly lastInsertId: number | bigint;
  readonly returned: SqlRows;
};

export type ConstraintKind = 'unique' | 'check' | 'notNull' | 'foreignKey' | 'other';

/** Why a batch, all of it, did not happen. */
export type SqlFailure =
  /** `columns` as `table.column`; empty where the database does not tell. */
  | { readonly kind: 'constraint'; readonly constraint: ConstraintKind; readonly columns: readonly string[]; readonly message: string }
  /** A statement or value that the port refuses: transaction control, pragmas, two statements in one, reads in a batch, non-finite numbers. */
  | { readonly kind: 'refused'; readonly message: string }
  /** The database could not read the statement. */
  | { readonly kind: 'statement'; readonly message: string }
  /** The queue of requests is at its limit. */
  | { readonly kind: 'overloaded'; readonly message: string }
  /** The deadline passed before the request was sent. */
  | { readonly kind: 'deadline'; readonly message: string }
  /** Closed, out of space, read-only, locked, corrupt. */
  | { readonly kind: 'unavailable'; readonly message: string };

export type BatchOutcome =
  | { readonly kind: 'committed'; readonly results: readonly StatementResult[] }
  /** Nothing of it happened. `statement` is the index of the one that failed, -1 when the request as a whole did. */
  | { readonly kind: 'failed'; readonly failure: SqlFailure; readonly statement: number }
  /** Sent, and no answer came: it may have happened, or may still. */
  | { readonly kind: 'unknown'; readonly reason: string };

export type BatchOptions = {
  /** Names the request in logs, traces and faults. */
  readonly id: string;
  /** How long to wait for the answer, in ms; the driver's default when absent. */
  readonly deadlineMs?: number;
};

/**
 * The database as a port: reads, and atomic requests. There are no interactive transactions, because the clustered database
 * has none; `BEGIN`, `COMMIT`, `PRAGMA` and the like are refused.
 */
export interface SqlDriver {
  /**
   * One reading statement.
   * @throws CloudlessError `store_unavailable`, `overloaded`, `internal` (a statement the database cannot read); the signal's reason
   */
  query(statement: Statement, options?: { readonly signal?: AbortSignal }): Promise<SqlRows>;
  /** All statements in order as one atomic, durable request. Never rejects for what the database answers: the outcome says it. */
  batch(statements: readonly Statement[], options: BatchOptions): Promise<BatchOutcome>;
  /** Serves what was accepted, then closes. Later calls fail as unavailable. */
  stop(): Promise<void>;
}

/** Rows as objects, for reading by column name. */
export function toRecords(rows: SqlRows): Readonly<Record<string, SqlValue>>[] {
  return rows.rows.map((row) => Object.fromEntries(rows.columns.map((column, index) => [column, row[index] ?? null])));
}
