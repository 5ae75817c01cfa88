import { DriverAdapterError, type MappedError } from '@prisma/driver-adapter-utils';
import { unreachable } from '@cloudless/kernel';
import { CloudlessError, isErrorCode } from '@cloudless/proto';
import type { SqlFailure } from '../driver.ts';
import { failedQuery } from '../failures.ts';
import { fencedError, type GuardedOutcome } from '../guarded-writer.ts';

const fieldsOf = (columns: readonly string[]): { fields: string[] } => ({
  fields: columns.map((column) => column.split('.')[1] ?? column),
});

function mapConstraint({ constraint, columns, message }: Extract<SqlFailure, { kind: 'constraint' }>): MappedError {
  switch (constraint) {
    case 'unique':
      return { kind: 'UniqueConstraintViolation', constraint: fieldsOf(columns) };
    case 'notNull':
      return { kind: 'NullConstraintViolation', constraint: fieldsOf(columns) };
    case 'foreignKey':
      return { kind: 'ForeignKeyConstraintViolation', constraint: { foreignKey: {} } };
    case 'check':
    case 'other':
      return { kind: 'sqlite', extendedCode: 19, message };
    default:
      return unreachable(constraint);
  }
}

/** The error that Prisma turns into its own codes (P2002 for a unique constraint, …). */
export function toAdapterError(outcome: Exclude<GuardedOutcome, { kind: 'committed' }>): Error {
  if (outcome.kind === 'fenced') return fencedError();
  const { failure } = outcome;
  if (failure.kind === 'constraint') return new DriverAdapterError({ ...mapConstraint(failure), originalMessage: failure.message });
  if (failure.kind === 'statement')
    return new DriverAdapterError({ kind: 'sqlite', extendedCode: 1, message: failure.message, originalMessage: failure.message });
  return failedQuery(failure);
}

/** The failure of ours that Prisma wrapped: it keeps the code, and the message below a line of its own about the call. */
export function findWrapped(error: unknown): CloudlessError | undefined {
  if (!(error instanceof Error) || error.name !== 'PrismaClientKnownRequestError' || !('code' in error)) return undefined;
  const message = error.message.trim().split('\n').at(-1) ?? '';
  return isErrorCode(error.code) ? new CloudlessError(error.code, message, { cause: error }) : undefined;
}
