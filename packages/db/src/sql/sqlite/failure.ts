import { constraintColumns } from '../constraint-columns.ts';
import type { ConstraintKind, SqlFailure } from '../driver.ts';

/** Extended result codes of SQLite (https://www.sqlite.org/rescode.html). */
const CONSTRAINTS: Readonly<Record<number, ConstraintKind>> = {
  2067: 'unique',
  1555: 'unique',
  2579: 'unique',
  275: 'check',
  1299: 'notNull',
  787: 'foreignKey',
};
const PRIMARY = { ERROR: 1, CONSTRAINT: 19, MISMATCH: 20, RANGE: 25, TOO_BIG: 18, AUTH: 23 };
const IO_ERROR = 10;

type SqliteError = { readonly errcode: number; readonly message: string };
const isSqliteError = (error: unknown): error is SqliteError =>
  error instanceof Error && typeof (error as Partial<SqliteError>).errcode === 'number';

/** A refusal by the port itself, thrown inside a batch so that it rolls back. */
export class RefusedStatement extends Error {}

/** What an error of the connection means to the caller of the port. */
export function toFailure(error: unknown): SqlFailure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof RefusedStatement) return { kind: 'refused', message };
  if (!isSqliteError(error)) return { kind: 'unavailable', message };
  const primary = error.errcode & 0xff;
  if (primary === PRIMARY.CONSTRAINT) {
    return { kind: 'constraint', constraint: CONSTRAINTS[error.errcode] ?? 'other', columns: constraintColumns(message), message };
  }
  const isStatement = Object.values(PRIMARY).includes(primary);
  return { kind: isStatement ? 'statement' : 'unavailable', message };
}

/** A commit that failed while writing to the disk may be there after a restart: nobody knows. */
export const isUnsureCommit = (error: unknown): boolean => isSqliteError(error) && (error.errcode & 0xff) === IO_ERROR;
