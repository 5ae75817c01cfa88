import { TRPCError } from '@trpc/server';
import { findWrapped } from '@cloudless/db/prisma';
import type { Entropy, Logger } from '@cloudless/kernel';
import { CloudlessError, isCloudlessError, NOT_SERVED, toInputIssue, type InputIssue } from '@cloudless/proto';
import { ZodError, type z } from 'zod';

/** Fields of the workload file (`spec`) that this release refuses by name. */
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
  ...['requests', 'limits'].flatMap((kind) => ['bandwidthBps', 'gpus'].map((key) => `resources.${kind}.${key}`)),
]);
const MAX_ISSUES = 50;

function describeKey(path: string): InputIssue {
  const isLater = path.startsWith('spec.') && NOT_SERVED_YET.has(path.slice(5));
  return isLater ? { path, message: NOT_SERVED, rule: 'notServed' } : { path, message: 'is not a field', rule: 'unknownField' };
}

function issuesOf(error: ZodError): readonly InputIssue[] {
  const issues = error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [toInputIssue(issue)];
    const path = issue.path.join('.');
    return issue.keys.map((key) => describeKey(path === '' ? key : `${path}.${key}`));
  });
  return issues.slice(0, MAX_ISSUES);
}

/** What zod found wrong with an input, as people and programs read it. */
function asInputError(error: ZodError): CloudlessError {
  const issues = issuesOf(error);
  if (issues.length > 0 && issues.every(({ message }) => message === NOT_SERVED)) {
    const fields = issues.map(({ path }) => path).join(', ');
    return new CloudlessError('not_supported_yet', `This release does not serve ${fields}.`, { issues });
  }
  const told = issues.map(({ path, message }) => `${path === '' ? 'the input' : path}: ${message}`).join('; ');
  return new CloudlessError('invalid_input', `The input is not valid: ${told}.`.slice(0, 2000), { issues });
}

/** @throws CloudlessError `invalid_input`, `not_supported_yet` */
export function parseInput<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw asInputError(parsed.error);
}

/** What tRPC itself refuses: before a procedure of ours was found or its input could be read. */
function asTransportError(error: TRPCError): CloudlessError {
  switch (error.code) {
    case 'NOT_FOUND':
    case 'METHOD_NOT_SUPPORTED':
      return new CloudlessError('not_found', error.message);
    case 'PAYLOAD_TOO_LARGE':
      return new CloudlessError('too_large', error.message);
    case 'PARSE_ERROR':
    case 'BAD_REQUEST':
    case 'UNSUPPORTED_MEDIA_TYPE':
      return new CloudlessError('invalid_input', error.message);
    default:
      return new CloudlessError('internal', 'The request could not be served.', { cause: error.cause ?? error });
  }
}

/** What a procedure threw, as callers may read it. */
export function toCloudlessError(error: unknown): CloudlessError {
  if (isCloudlessError(error)) return error;
  const wrapped = findWrapped(error instanceof TRPCError ? error.cause : error);
  if (wrapped) return wrapped;
  if (!(error instanceof TRPCError)) return new CloudlessError('internal', 'The request could not be served.', { cause: error });
  if (isCloudlessError(error.cause)) return error.cause;
  // Only an input's: an output that breaks the contract comes as a fault of ours.
  if (error.code === 'BAD_REQUEST' && error.cause instanceof ZodError) return asInputError(error.cause);
  return asTransportError(error);
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
