import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from '@cloudless/kernel';
import { CloudlessError, ERRORS, isCloudlessError } from '@cloudless/proto';
import { noticePage } from './notice-page.ts';

/** Answers with problem+json (RFC 9457). */
export function sendProblem(
  response: ServerResponse,
  error: CloudlessError,
  options: { readonly status?: number; readonly close?: boolean } = {},
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { title, remedy, status } = ERRORS[error.code];
  const body = JSON.stringify({
    type: `/docs/errors/${error.code}`,
    title,
    status: options.status ?? status,
    detail: error.message,
    code: error.code,
    remedy,
    params: error.params,
  });
  response.writeHead(options.status ?? status, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...(options.close ? { connection: 'close' } : {}),
  });
  response.end(body);
}

/** Answers a person with a page that needs nothing else, and a program with problem+json. */
export function sendNotice(
  response: ServerResponse,
  error: CloudlessError,
  accept: string | undefined,
  options: { readonly status?: number; readonly retryAfterS?: number } = {},
): void {
  if (options.retryAfterS !== undefined && !response.headersSent) response.setHeader('retry-after', options.retryAfterS);
  if (response.headersSent || !(accept ?? '').includes('text/html')) {
    sendProblem(response, error, options);
    return;
  }
  const { title, remedy, status } = ERRORS[error.code];
  const page = noticePage({ title, message: error.message, remedy, code: error.code, retryAfterS: options.retryAfterS });
  response.writeHead(options.status ?? status, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(page.html),
    'content-security-policy': page.contentSecurityPolicy,
    'cache-control': 'no-store',
  });
  response.end(page.html);
}

/** Refuses an upgrade: there is no response object yet, so the status line is written to the socket. */
export function refuseUpgrade(socket: Duplex, error: CloudlessError, status: number = ERRORS[error.code].status): void {
  const body = JSON.stringify({ title: ERRORS[error.code].title, status, detail: error.message, code: error.code });
  socket.once('error', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${ERRORS[error.code].title}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

/** What went wrong as people may read it. */
export const asError = (cause: unknown): CloudlessError =>
  isCloudlessError(cause) ? cause : new CloudlessError('internal', 'The request could not be served.', { cause });

/** Answers for what threw, and logs it when it is our own fault. */
export function sendFailure(
  response: ServerResponse,
  cause: unknown,
  { logger, route }: { readonly logger: Logger; readonly route: string },
): void {
  const error = asError(cause);
  if (error.code === 'internal') logger.error({ op: 'gateway.request', outcome: 'failed', route, 'error.code': error.code }, cause);
  sendProblem(response, error);
}
