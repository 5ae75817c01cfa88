import { randomBytes } from 'node:crypto';
import { Agent, request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import { CloudlessError } from '@cloudless/proto';
import { sendNotice } from './answers.ts';
import { contentSecurityPolicy, withoutHopByHop } from './headers.ts';
import { hasBody, isSafe, type RequestFacts } from './request-facts.ts';

/** How long the dashboard may take to begin an answer. */
const ANSWER_MS = 30_000;

export interface WebProxy {
  serve(request: IncomingMessage, response: ServerResponse, facts: RequestFacts): void;
  stop(): void;
}

const away = (why: string, cause?: unknown): CloudlessError =>
  new CloudlessError('web_unavailable', `The dashboard's process ${why}.`, { cause });

/**
 * Hands requests to the dashboard on its private port. The nonce is made here, for each request: Next reads it from the policy in
 * the request header, the browser from the same policy in the answer.
 */
export function createWebProxy(webUrl: URL | undefined): WebProxy {
  const agent = new Agent({ keepAlive: true, maxSockets: 128, maxFreeSockets: 16 });

  function serve(request: IncomingMessage, response: ServerResponse, facts: RequestFacts): void {
    const refuse = (error: CloudlessError): void => sendNotice(response, error, request.headers.accept, { retryAfterS: 3 });
    if (!webUrl) {
      refuse(away('was not started with this coordinator'));
      return;
    }
    const policy = contentSecurityPolicy(randomBytes(18).toString('base64'), facts);
    const headers: OutgoingHttpHeaders = { ...withoutHopByHop(request.headers), 'content-security-policy': policy };
    const bodied = hasBody(request);
    const repeatable = isSafe(request) && !bodied;

    function send(through: Agent | false): void {
      const upstream = httpRequest(new URL(request.url ?? '/', webUrl), {
        agent: through,
        method: request.method ?? 'GET',
        headers,
        timeout: ANSWER_MS,
      });
      const leave = (): void => void upstream.destroy();
      upstream.once('timeout', () => upstream.destroy(new Error(`no answer within ${ANSWER_MS / 1000} s`)));
      upstream.once('error', (cause) => {
        response.off('close', leave);
        // The dashboard closed a kept connection just when this request took it: nothing is said of the dashboard by that.
        if (upstream.reusedSocket && repeatable && !response.headersSent && !response.destroyed) send(false);
        else refuse(away(`did not answer: ${cause.message}`, cause));
      });
      upstream.once('response', (answer) => {
        response.writeHead(answer.statusCode ?? 502, { ...withoutHopByHop(answer.headers), 'content-security-policy': policy });
        answer.once('error', () => response.destroy());
        answer.pipe(response);
      });
      response.once('close', leave);
      if (bodied) request.pipe(upstream);
      else upstream.end();
    }
    send(agent);
  }

  return { serve, stop: () => agent.destroy() };
}
