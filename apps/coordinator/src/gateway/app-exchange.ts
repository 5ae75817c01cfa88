import {
  request as httpRequest,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { withoutOurCookies, withoutOurSetCookies } from './cookies.ts';
import { withoutHopByHop } from './headers.ts';
import { hasBody, isSafe } from './request-facts.ts';

/** How an exchange with one replica ended. `again`: nothing of the answer came, and nothing was asked that counts twice. */
export type Exchange =
  | { readonly kind: 'answered' }
  | { readonly kind: 'again'; readonly cause: Error }
  | { readonly kind: 'broken'; readonly cause: Error };

/** What an app hears of a request: nothing that signs in to Cloudless. */
function requestHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const { cookie, authorization, ...rest } = headers;
  const kept = withoutOurCookies(cookie);
  return {
    ...withoutHopByHop(rest),
    ...(kept === undefined ? {} : { cookie: kept }),
    ...(authorization === undefined || /^bearer\s+cl_/i.test(authorization) ? {} : { authorization }),
  };
}

/** These two act on the whole host name, every port of it: the dashboard's too. */
const HOST_WIDE: readonly string[] = ['strict-transport-security', 'clear-site-data'];

function answerHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const { 'set-cookie': setCookies, ...rest } = withoutHopByHop(headers) as IncomingHttpHeaders;
  const kept = withoutOurSetCookies(setCookies ?? []);
  for (const name of HOST_WIDE) delete rest[name];
  return { ...rest, ...(kept.length === 0 ? {} : { 'set-cookie': kept }) };
}

/** The request as it goes out over `stream`, which carries nothing else: streams of the link are cheap. */
function openRequest(request: IncomingMessage, stream: Duplex, extra: OutgoingHttpHeaders): ClientRequest {
  return httpRequest({
    createConnection: () => stream,
    method: request.method ?? 'GET',
    path: request.url ?? '/',
    headers: { ...requestHeaders(request.headers), ...extra },
    setHost: false,
  });
}

/** The client left while the stream was opened: its end was told already, and would never be told again. */
function forNobody(stream: Duplex): Promise<Exchange> {
  stream.destroy();
  return Promise.resolve({ kind: 'answered' });
}

/** One request to one replica. Resolves when the answer is over, or did not come. */
export function exchangeRequest(request: IncomingMessage, response: ServerResponse, stream: Duplex): Promise<Exchange> {
  if (response.destroyed) return forNobody(stream);
  const { promise, resolve } = Promise.withResolvers<Exchange>();
  const upstream = openRequest(request, stream, { connection: 'close' });
  const streamed = hasBody(request);
  upstream.once('error', (cause) => {
    stream.destroy();
    resolve({ kind: !streamed && isSafe(request) && !response.headersSent ? 'again' : 'broken', cause });
  });
  upstream.once('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answerHeaders(answer.headers));
    response.flushHeaders();
    answer.once('error', (cause) => resolve({ kind: 'broken', cause }));
    answer.once('end', () => resolve({ kind: 'answered' }));
    answer.pipe(response);
  });
  response.once('close', () => {
    upstream.destroy();
    stream.destroy();
    resolve({ kind: 'answered' });
  });
  if (streamed) request.pipe(upstream);
  else upstream.end();
  return promise;
}

function headText(answer: IncomingMessage, extra: OutgoingHttpHeaders): string {
  const lines = Object.entries({ ...answerHeaders(answer.headers), ...extra }).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value ?? '']).map((one) => `${name}: ${one}`),
  );
  return [`HTTP/1.1 ${answer.statusCode ?? 502} ${answer.statusMessage ?? ''}`, ...lines, '', ''].join('\r\n');
}

/** One upgrade (a WebSocket) to one replica. Resolves when both directions are over, or the upgrade did not come. */
export function exchangeUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, stream: Duplex): Promise<Exchange> {
  if (socket.destroyed) return forNobody(stream);
  const { promise, resolve } = Promise.withResolvers<Exchange>();
  const upgrade = { connection: 'Upgrade', upgrade: request.headers.upgrade ?? 'websocket' };
  const upstream = openRequest(request, stream, upgrade);
  let begun = false;
  upstream.once('error', (cause) => {
    stream.destroy();
    if (begun) socket.destroy();
    resolve(begun ? { kind: 'answered' } : { kind: 'again', cause });
  });
  upstream.once('upgrade', (answer, opened, first) => {
    begun = true;
    socket.write(headText(answer, upgrade));
    if (first.length > 0) socket.write(first);
    if (head.length > 0) opened.write(head);
    splice(socket, opened, () => resolve({ kind: 'answered' }));
  });
  upstream.once('response', (answer) => {
    begun = true;
    socket.write(headText(answer, { connection: 'close' }));
    answer.once('error', () => socket.destroy());
    answer.once('end', () => resolve({ kind: 'answered' }));
    answer.pipe(socket);
  });
  socket.once('close', () => {
    upstream.destroy();
    resolve({ kind: 'answered' });
  });
  upstream.end();
  return promise;
}

/** Bytes both ways until either end closes. */
function splice(near: Duplex, far: Duplex, onClosed: () => void): void {
  near.pipe(far);
  far.pipe(near);
  for (const [one, other] of [[near, far] as const, [far, near] as const]) {
    one.once('error', () => other.destroy());
    one.once('close', () => {
      other.destroy();
      onClosed();
    });
  }
}
