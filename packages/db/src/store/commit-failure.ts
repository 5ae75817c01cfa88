import { CloudlessError } from '@cloudless/proto';
import type { SqlFailure } from '../sql/driver.ts';
import { failedQuery } from '../sql/failures.ts';

/** The error of a batch that the database refused although its row versions were right. */
export function toCommitError(failure: SqlFailure): CloudlessError {
  if (failure.kind === 'constraint' && failure.columns.includes('workload.name')) {
    return new CloudlessError(
      'name_taken',
      'An app of that name exists in this project. Choose another name, or change the one that exists.',
    );
  }
  return failedQuery(failure);
}
