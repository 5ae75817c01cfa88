import { TRPCError } from '@trpc/server';
import type { Entropy, Logger } from '@cloudless/kernel';
import { CloudlessError, isCloudlessError, type InputIssue } from '@cloudless/proto';
import { ZodError } from 'zod';

/** Fields of the file format that this release refuses by name. */
const NOT_SERVED_YET: ReadonlySet<string> = new Set([
  'volumes',
  'placement',
  'rollout',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'secretEnv',
  'secretVolumes',
  'securityContext',
  'disconnect',
  'priority',
  'job',
  'cron',
]);

function issuesOf(error: ZodError): readonly InputIssue[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.join('.');
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
    return issue.keys.map((key) => ({ path: path === '' ? key : `${path}.${key}`, message: 'is not a field' }));
  });
}

function asInputError(error: ZodError): CloudlessError {
  const issues = issuesOf(error).slice(0, 50);
  const unserved = issues.filter(({ path, message }) => message === 'is not a field' && NOT_SERVED_YET.has(path.split('.').at(-1) ?? ''));
  const told = issues.map(({ path, message }) => `${path === '' ? 'the input' : path} ${message}`).join('; ');
  if (unserved.length > 0 && unserved.length === issues.length) {
    return new CloudlessError('not_supported_yet', `This release does not serve ${unserved.map(({ path }) => path).join(', ')}.`, {
      issues,
    });
  }
  return new CloudlessError('invalid_input', `The input is not valid: ${told}.`.slice(0, 2000), { issues });
}

/** What a procedure threw, as callers may read it. */
export function toCloudlessError(error: unknown): CloudlessError {
  if (isCloudlessError(error)) return error;
  if (error instanceof ZodError) return asInputError(error);
  if (!(error instanceof TRPCError)) return new CloudlessError('internal', 'The request could not be served.', { cause: error });
  if (isCloudlessError(error.cause)) return error.cause;
  if (error.code === 'BAD_REQUEST' && error.cause instanceof ZodError) return asInputError(error.cause);
  if (error.code === 'NOT_FOUND' || error.code === 'METHOD_NOT_SUPPORTED') return new CloudlessError('not_found', error.message);
  if (error.code === 'PAYLOAD_TOO_LARGE') return new CloudlessError('too_large', error.message);
  if (error.code === 'PARSE_ERROR' || error.code === 'BAD_REQUEST') return new CloudlessError('invalid_input', error.message);
  return new CloudlessError('internal', 'The request could not be served.', { cause: error });
}

/** Faults of our own get an id that the person copies and the log holds. */
export function createFaultLog(
  logger: Logger,
  entropy: Entropy,
): (error: CloudlessError, procedure: string | undefined) => string | undefined {
  return (error, procedure) => {
    if (error.code !== 'internal') return undefined;
    const errorId = entropy.id('err');
    logger.error({ op: 'api.call', outcome: 'failed', procedure, errorId, 'error.code': error.code }, error.cause ?? error);
    return errorId;
  };
}
