import { randomBytes } from 'node:crypto';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Logger } from '@cloudless/kernel';
import { isCloudlessError } from '@cloudless/proto';
import type { AgentStatus } from '../agent-status.ts';
import { renderStatusPage } from './status-page.ts';

const OWN_NAMES = /^(localhost|127\.0\.0\.1)(:\d+)?$/;

export type StatusParts = {
  readonly status: () => AgentStatus;
  readonly leave: (options: { readonly now: boolean }) => Promise<void>;
  readonly socketPath: string;
  readonly port: number;
  readonly logger: Logger;
};

const json = (response: ServerResponse, status: number, value: object): void => {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(value));
};

/**
 * Says what the agent knows: to a browser on this machine, read-only; to `cloudless-agent` by a socket that only its owner may open, where
 * it can also be told to leave.
 */
export async function startStatusServer({ status, leave, socketPath, port, logger }: StatusParts): Promise<{ stop(): void }> {
  function showPage(request: IncomingMessage, response: ServerResponse): void {
    // A page of another site may have a name that leads here (DNS rebinding).
    if (!OWN_NAMES.test(request.headers.host ?? '')) return json(response, 421, { message: 'Open this page as http://127.0.0.1.' });
    if (request.method !== 'GET') return json(response, 405, { message: 'This page is read-only.' });
    if (request.url === '/status.json') return json(response, 200, status());
    const nonce = randomBytes(16).toString('base64');
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; style-src 'nonce-${nonce}'; base-uri 'none'; frame-ancestors 'none'`,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    response.end(renderStatusPage(status(), nonce));
  }

  function control(request: IncomingMessage, response: ServerResponse): void {
    if (request.method === 'GET') return json(response, 200, status());
    leave({ now: request.url === '/leave?now=1' }).then(
      () => json(response, 202, {}),
      (cause: unknown) => json(response, 409, { message: isCloudlessError(cause) ? cause.message : String(cause) }),
    );
  }

  const page = createServer(showPage);
  const own = createServer(control);
  for (const server of [page, own]) {
    server.maxConnections = 32;
    server.requestTimeout = 10_000;
  }
  await rm(socketPath, { force: true });
  await listen(own, { path: socketPath });
  await chmod(socketPath, 0o600);
  await listen(page, { host: '127.0.0.1', port }).catch((cause: unknown) => {
    // Another agent of this machine has it: the page is a convenience, `cloudless-agent status` says the same.
    logger.info({ op: 'statusPage.listen', outcome: 'failed', port, reason: cause instanceof Error ? cause.message : String(cause) });
  });
  return {
    stop() {
      for (const server of [page, own]) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

function listen(server: Server, where: { readonly path: string } | { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}
