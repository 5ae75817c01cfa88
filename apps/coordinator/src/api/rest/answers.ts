import type { ServerResponse } from 'node:http';
import { ERRORS, type CloudlessError, type ProcedureName } from '@cloudless/proto';

export type Answer = { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string };

/** Where the REST API stands on the one port. */
export const REST_ROOT = '/api/v1';
export const JSON_TYPE = 'application/json';

/** problem+json (RFC 9457); `type` is the page of the error. */
export function problemOf(error: CloudlessError, errorId?: string): Answer {
  const { title, remedy, status } = ERRORS[error.code];
  const { code, message, issues, params } = error;
  const wait = params['retryAfterS'];
  const body = {
    type: `/docs/errors/${code}`,
    title,
    status,
    detail: message,
    code,
    remedy,
    issues,
    params,
    ...(errorId === undefined ? {} : { errorId }),
  };
  const headers = { 'content-type': 'application/problem+json', ...(wait === undefined ? {} : { 'retry-after': String(wait) }) };
  return { status, headers, body: JSON.stringify(body) };
}

const CREATES: ReadonlySet<ProcedureName> = new Set(['workload.create', 'node.createJoinToken']);

/** Status of a procedure that succeeded. */
export const okStatus = (name: ProcedureName): 200 | 201 => (CREATES.has(name) ? 201 : 200);

/** The answer to a procedure. Of an app, the ETag is its generation: `If-Match` guards a change with it. */
export function answerOf(name: ProcedureName, output: { readonly generation?: unknown; readonly id?: unknown }): Answer {
  const { generation, id } = output;
  const etag = typeof generation === 'number' ? { etag: `"${generation}"` } : undefined;
  const location = name === 'workload.create' && typeof id === 'string' ? { location: `${REST_ROOT}/workloads/${id}` } : undefined;
  return { status: okStatus(name), headers: { 'content-type': JSON_TYPE, ...etag, ...location }, body: JSON.stringify(output) };
}

export function send(response: ServerResponse, { status, headers, body }: Answer): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'cache-control': 'no-store', ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
