import { isTRPCClientError } from '@trpc/client';
import { CloudlessError, ERRORS, isCloudlessError, isErrorCode, saying, type ErrorCode, type InputIssue } from '@cloudless/proto';

type Told = {
  readonly code: ErrorCode;
  readonly message: string;
  readonly issues: readonly InputIssue[];
  readonly params: Readonly<Record<string, string | number>>;
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isIssue = (value: unknown): value is InputIssue =>
  isRecord(value) && typeof value['path'] === 'string' && typeof value['message'] === 'string';

function readParams(value: unknown): Record<string, string | number> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, string | number] => typeof entry[1] === 'string' || typeof entry[1] === 'number',
    ),
  );
}

/** Reads what the coordinator said: a tRPC error's `data`, or the problem+json of its gateway. */
function readTold(body: unknown, message: unknown): Told | undefined {
  if (!isRecord(body) || !isErrorCode(body['code'])) return undefined;
  const { code, issues, params, errorId, detail } = body;
  const said = [message, detail].find((text) => typeof text === 'string');
  return {
    code,
    message: said === undefined ? ERRORS[code].title : String(said),
    issues: Array.isArray(issues) ? issues.filter(isIssue) : [],
    params: { ...readParams(params), ...(typeof errorId === 'string' ? { errorId } : {}) },
  };
}

function readAnswer(error: unknown): Told | undefined {
  if (!isTRPCClientError(error)) return undefined;
  const problem = error.meta?.['responseJSON'];
  return readTold(error.data, error.message) ?? readTold(Array.isArray(problem) ? problem[0] : problem, undefined);
}

/** System errors after which a request was certainly not sent. */
const NEVER_SENT: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function* causesOf(error: unknown): Generator<Readonly<Record<string, unknown>>> {
  let at: unknown = error;
  for (let depth = 0; depth < 8 && isRecord(at); depth += 1) {
    yield at;
    at = at['cause'];
  }
}

function describeNetworkFailure(error: unknown): { readonly neverSent: boolean; readonly reason: string } {
  const causes = [...causesOf(error)];
  const codes = causes.map((cause) => cause['code']).filter((code) => typeof code === 'string');
  const deepest = causes.map((cause) => cause['message']).findLast((message) => typeof message === 'string' && message !== '');
  return { neverSent: codes.some((code) => NEVER_SENT.has(code)), reason: String(codes[0] ?? deepest ?? 'no answer') };
}

export type Attempted = { readonly name: string; readonly kind: 'query' | 'mutation' | 'subscription'; readonly url: string };

/**
 * Any failure of a call as the one class of errors. A change whose answer was lost is `outcome_unknown`: it may have been stored. A call
 * that never arrived is `coordinator_unreachable`.
 */
export function toClientError(error: unknown, { name, kind, url }: Attempted): CloudlessError {
  if (isCloudlessError(error)) return error;
  const told = readAnswer(error);
  if (told) return new CloudlessError(told.code, told.message, { cause: error, issues: told.issues, params: told.params });
  const { neverSent, reason } = describeNetworkFailure(error);
  if (kind === 'mutation' && !neverSent) {
    return new CloudlessError('outcome_unknown', `${name} was sent to ${url}, and its answer did not arrive: ${reason}.`, {
      cause: error,
      ...saying('answerLost', { url }),
    });
  }
  return new CloudlessError('coordinator_unreachable', `${name} did not reach the coordinator at ${url}: ${reason}.`, {
    cause: error,
    ...saying('notReached', { url }),
  });
}

const TRANSIENT: ReadonlySet<ErrorCode> = new Set([
  'coordinator_unreachable',
  'store_unavailable',
  'overloaded',
  'too_many_requests',
  'web_unavailable',
  'internal',
]);

/** Whether a stream that failed with `code` may succeed when it is asked for again unchanged. */
export const isTransient = (code: ErrorCode): boolean => TRANSIENT.has(code);
