import type { ConstraintKind, SqlFailure } from '../driver.ts';
import { constraintColumns } from '../constraint-columns.ts';

/** rqlite passes on SQLite's sentences and no codes, so they are all there is to tell one from another. */
const CONSTRAINTS: readonly (readonly [RegExp, ConstraintKind])[] = [
  [/^UNIQUE constraint failed/, 'unique'],
  [/^CHECK constraint failed/, 'check'],
  [/^NOT NULL constraint failed/, 'notNull'],
  [/^FOREIGN KEY constraint failed/, 'foreignKey'],
  [/^(?:cannot store|constraint failed)/, 'other'],
];
/** sqlite3_errstr() of FULL, READONLY, BUSY, LOCKED, IOERR, CORRUPT, NOTADB, CANTOPEN, NOMEM, PROTOCOL, INTERRUPT; and rqlite's own timeouts. */
const UNAVAILABLE =
  /^(?:database or disk is full|attempt to write a readonly database|database (?:table |schema )?is locked|disk I\/O error|database disk image is malformed|file is not a database|unable to open database file|out of memory|locking protocol|interrupted|execute timeout|query timeout|context (?:canceled|deadline exceeded))/;

/** What an error of one statement means to the caller of the port. */
export function toFailure(message: string): SqlFailure {
  const constraint = CONSTRAINTS.find(([pattern]) => pattern.test(message))?.[1];
  if (constraint !== undefined) return { kind: 'constraint', constraint, columns: constraintColumns(message), message };
  return { kind: UNAVAILABLE.test(message) ? 'unavailable' : 'statement', message };
}

/** Errors of a request as a whole after which nothing happened, and another node or a moment later may serve it. */
const NOT_YET = /^(?:not leader|leader not found|node is not the leader|store not (?:ready|open)|timed out enqueuing operation)/;
/** Errors of a request as a whole that are refusals: nothing happened, nor will. */
const REFUSED = /^(?:cannot start a transaction within a transaction|disallowed pragma)/;

/** What a whole request's error says of it. Whatever is not known for certain is `unsure`: "leadership lost while committing log" is. */
export function judgeRequestError(message: string): 'notYet' | 'refused' | 'unsure' {
  if (NOT_YET.test(message)) return 'notYet';
  return REFUSED.test(message) ? 'refused' : 'unsure';
}
