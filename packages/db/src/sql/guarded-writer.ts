import { backoffMs, type Clock, type Entropy } from '@cloudless/kernel';
import { CloudlessError, saying } from '@cloudless/proto';
import type { BatchOutcome, SqlDriver, SqlFailure, SqlValue, Statement, StatementResult } from './driver.ts';
import { failedQuery } from './failures.ts';

export type GuardedOutcome =
  /** `results` are the caller's statements'; absent when the answer was lost and the outcome settled afterwards. */
  | { readonly kind: 'committed'; readonly results?: readonly StatementResult[] }
  /** The token is not the newest any more: another coordinator took over. Nothing happened. */
  | { readonly kind: 'fenced' }
  /** Nothing happened. `statement` counts the caller's statements from 0; -1 for the request as a whole. */
  | { readonly kind: 'failed'; readonly failure: SqlFailure; readonly statement: number };

export type SentOutcome = GuardedOutcome | { readonly kind: 'unknown'; readonly batchId: string; readonly reason: string };
export type Settlement = 'committed' | 'void' | 'unsettled';

export interface GuardedWriter {
  /**
   * The caller's statements behind the token guard as one atomic, durable request; an unknown outcome is settled first.
   * @throws CloudlessError `outcome_unknown` when it could not be settled; `store_unavailable` when the request never ran
   */
  write(statements: readonly Statement[], headRevision?: number): Promise<GuardedOutcome>;
  /** As `write`, but leaves an unknown outcome to the caller, who calls `settle`. */
  send(statements: readonly Statement[], headRevision?: number): Promise<SentOutcome>;
  /** Whether the request of that id happened. After `void` it never will: its late arrival fails. */
  settle(batchId: string): Promise<Settlement>;
}

export type GuardedWriterOptions = {
  readonly driver: SqlDriver;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Fencing token of this coordinator, from `openCluster`. */
  readonly token: number;
};

/** Statements that `send` puts before the caller's: guard and batch id. */
const PRELUDE = 2;
const SETTLE_TRIES = 6;
const SETTLE_BACKOFF = { baseMs: 20, maxMs: 2000, factor: 3, jitter: 0.5 };

/**
 * A statement that fails the whole request unless `condition` (an SQL expression) is true. Changing 0 rows would not roll back;
 * a CHECK does.
 */
export const guardThat = (condition: string, params: readonly SqlValue[] = []): Statement => ({
  sql: `INSERT INTO guard (ok) SELECT ${condition}`,
  params,
});

/** Whether a request failed at a guard, rather than at what it wrote. */
export const isGuardFailure = (failure: SqlFailure): boolean =>
  failure.kind === 'constraint' &&
  (failure.constraint === 'check' || (failure.constraint === 'notNull' && failure.columns[0] === 'guard.ok'));

const tokenGuard = (token: number, headRevision: number | undefined): Statement =>
  headRevision === undefined
    ? guardThat('(SELECT token = ? FROM cluster)', [token])
    : guardThat('(SELECT token = ? AND head_revision = ? FROM cluster)', [token, headRevision]);

/** The only way in which this package writes: every request carries the fencing token and an id that settles its outcome. */
export function createGuardedWriter({ driver, clock, entropy, token }: GuardedWriterOptions): GuardedWriter {
  const insertId = (id: string, state: 'committed' | 'void'): Statement => ({
    sql: 'INSERT INTO batch (id, state, at) VALUES (?, ?, ?)',
    params: [id, state, clock.now()],
  });

  function interpret(outcome: BatchOutcome, batchId: string): SentOutcome {
    if (outcome.kind === 'committed') return { kind: 'committed', results: outcome.results.slice(PRELUDE) };
    if (outcome.kind === 'unknown') return { kind: 'unknown', batchId, reason: outcome.reason };
    if (outcome.statement === 0 && isGuardFailure(outcome.failure)) return { kind: 'fenced' };
    return { kind: 'failed', failure: outcome.failure, statement: Math.max(-1, outcome.statement - PRELUDE) };
  }

  async function readState(batchId: string): Promise<Settlement> {
    try {
      const { rows } = await driver.query({ sql: 'SELECT state FROM batch WHERE id = ?', params: [batchId] });
      return rows[0]?.[0] === 'committed' ? 'committed' : rows[0]?.[0] === 'void' ? 'void' : 'unsettled';
    } catch {
      return 'unsettled';
    }
  }

  /** The answer to the void itself may be lost, so a conflict is read, not concluded. */
  async function trySettle(batchId: string): Promise<Settlement> {
    const outcome = await driver.batch([insertId(batchId, 'void')], { id: `void-${batchId}` });
    if (outcome.kind === 'committed') return 'void';
    return outcome.kind === 'failed' && outcome.failure.kind === 'constraint' ? await readState(batchId) : 'unsettled';
  }

  async function settle(batchId: string): Promise<Settlement> {
    for (let attempt = 0; attempt < SETTLE_TRIES; attempt += 1) {
      if (attempt > 0) await clock.sleep(backoffMs(SETTLE_BACKOFF, attempt - 1, entropy));
      const settlement = await trySettle(batchId);
      if (settlement !== 'unsettled') return settlement;
    }
    return 'unsettled';
  }

  async function send(statements: readonly Statement[], headRevision?: number): Promise<SentOutcome> {
    const batchId = entropy.id('batch');
    const all = [tokenGuard(token, headRevision), insertId(batchId, 'committed'), ...statements];
    return interpret(await driver.batch(all, { id: batchId }), batchId);
  }

  return {
    send,
    settle,
    async write(statements, headRevision) {
      const sent = await send(statements, headRevision);
      if (sent.kind !== 'unknown') return sent;
      const settlement = await settle(sent.batchId);
      if (settlement === 'committed') return { kind: 'committed' };
      if (settlement === 'void') throw failedQuery({ kind: 'unavailable', message: `${sent.reason}; it did not happen` });
      throw unknownOutcome(sent.reason);
    },
  };
}

export const unknownOutcome = (reason: string): CloudlessError =>
  new CloudlessError(
    'outcome_unknown',
    `The change was sent to the database, and whether it was stored is not known: ${reason}. Read it again before you repeat it.`,
    saying('outcomeNotKnown', {}),
  );

export const fencedError = (): CloudlessError =>
  new CloudlessError(
    'store_unavailable',
    'Another coordinator has taken over this database; this one writes no more. Stop one of the two, or restart this one to take over.',
    saying('storeTakenOver', {}),
  );
