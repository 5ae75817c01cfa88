import { unreachable } from '@cloudless/kernel';
import { CloudlessError, saying } from '@cloudless/proto';
import type { SqlFailure } from './driver.ts';

export const unavailable = (message: string): SqlFailure => ({ kind: 'unavailable', message });
export const overloaded = (limit: number): SqlFailure => ({ kind: 'overloaded', message: `${limit} database requests wait already` });

/** The error that a failed read throws, or a failed write whose failure nobody expected. */
export function failedQuery(failure: SqlFailure): CloudlessError {
  switch (failure.kind) {
    case 'overloaded':
      return new CloudlessError(
        'overloaded',
        `The database request was not sent: ${failure.message}. Try again in a moment.`,
        saying('tooMuchWaits', {}),
      );
    case 'unavailable':
    case 'deadline':
      return new CloudlessError(
        'store_unavailable',
        `The database did not serve the request: ${failure.message}. Check the disk of the data folder; with rqlite, its addresses, user name and password, and that most of its nodes run.`,
        saying('storeNotServed', {}),
      );
    case 'constraint':
    case 'refused':
    case 'statement':
      return new CloudlessError('internal', `The database refused a statement: ${failure.message}.`);
    default:
      return unreachable(failure);
  }
}
