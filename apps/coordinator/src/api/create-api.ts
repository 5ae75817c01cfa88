import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TRPCError } from '@trpc/server';
import { nodeHTTPRequestHandler } from '@trpc/server/adapters/node-http';
import { getWSConnectionHandler } from '@trpc/server/adapters/ws';
import type { Clock } from '@cloudless/kernel';
import type { WebSocket, WebSocketServer } from 'ws';
import type { ApiEndpoints } from '../gateway/main-routes.ts';
import type { ApiParts } from '../parts.ts';
import type { ApiContext } from './call.ts';
import { createAuthorise } from './denials.ts';
import { createFaultLog, toCloudlessError } from './failure.ts';
import { createHandlers } from './handlers.ts';
import { describeRest } from './rest/describe-rest.ts';
import { createIdempotency } from './rest/idempotency.ts';
import { createRest } from './rest/serve-rest.ts';
import { createStreamRoutes } from './rest/serve-streams.ts';
import { createRouter } from './router.ts';
import { createStreams } from './streams.ts';

const MAX_BODY_BYTES = 4 * 2 ** 20;
const TRPC_ROOT = '/trpc/';
/** Sent and not taken by a reader of a socket: with more, its streams wait. */
const MAX_BUFFERED_BYTES = 2 ** 20;
/** A socket does not tell when it has drained: so often it is looked at. */
const DRAIN_MS = 50;

/** The tRPC adapter sends without waiting: a stream must wait itself, or a slow reader fills the memory. */
const drainOf =
  (socket: Pick<WebSocket, 'bufferedAmount'>, clock: Clock): ApiContext['drained'] =>
  async (signal) => {
    while (socket.bufferedAmount > MAX_BUFFERED_BYTES && !signal.aborted) await clock.sleep(DRAIN_MS, signal).catch(() => undefined);
  };

/** How long who tried too often has to wait, in seconds. */
function retryAfter(errors: readonly TRPCError[]): { 'retry-after'?: string } {
  const waits = errors.map((error) => toCloudlessError(error).params['retryAfterS']).filter((wait) => typeof wait === 'number');
  return waits.length === 0 ? {} : { 'retry-after': String(Math.max(...waits)) };
}

/** What every transport serves: one router, one authorisation, one set of handlers. */
export function createApiRouter(parts: ApiParts) {
  const logFault = createFaultLog(parts.logger, parts.entropy);
  const handlers = createHandlers(parts);
  const streams = createStreams(parts);
  const authorise = createAuthorise(parts);
  const { clock, logger } = parts;
  const router = createRouter({ handlers, streams, authorise, clock, logger, logFault });
  return { router, handlers, streams, authorise, logFault };
}

/** tRPC over HTTP and WebSocket, and REST. */
export function createApi(parts: ApiParts): ApiEndpoints {
  const { clock, logger, people } = parts;
  const { router, handlers, streams, authorise, logFault } = createApiRouter(parts);

  async function contextOf(request: IncomingMessage, answer: Pick<ApiContext, 'addCookies' | 'drained'>): Promise<ApiContext> {
    const { headers, socket } = request;
    return {
      caller: await people.authenticate(headers),
      origin: { headers, remoteAddress: String(headers['x-forwarded-for'] ?? socket.remoteAddress) },
      ...answer,
    };
  }
  const overHttp = (request: IncomingMessage, response: ServerResponse): Promise<ApiContext> =>
    contextOf(request, {
      addCookies: (cookies) => void response.appendHeader('set-cookie', cookies),
      // Its writes wait for the reader by themselves.
      drained: () => Promise.resolve(),
    });
  const onSocket = getWSConnectionHandler({
    router,
    // Typed for the handler that listens itself; this one never looks at it.
    wss: undefined as unknown as WebSocketServer,
    createContext: ({ req, res }) => contextOf(req, { addCookies: () => undefined, drained: drainOf(res, clock) }),
    // Faults are logged where they are told; the adapter would write the rest to the console.
    onError: ({ error, path }) => logger.debug({ op: 'api.socket', outcome: 'failed', path, 'error.code': error.code }),
  });
  let document: object | undefined;
  return {
    trpcHttp: (req, res) =>
      nodeHTTPRequestHandler({
        router,
        req,
        res,
        path: (req.url ?? '').split('?', 1)[0]?.slice(TRPC_ROOT.length) ?? '',
        createContext: () => overHttp(req, res),
        allowMethodOverride: true,
        allowBatching: true,
        maxBodySize: MAX_BODY_BYTES,
        responseMeta: ({ errors }) => ({ headers: { 'cache-control': 'no-store', ...retryAfter(errors) } }),
      }),
    trpcWebSocket: (socket, request) => void onSocket(socket, request),
    rest: createRest({
      router,
      idempotency: createIdempotency(parts),
      authorise,
      contextOf: overHttp,
      logFault,
      serveStream: createStreamRoutes({ ...parts, streams, authorise }, handlers),
      document: () => (document ??= describeRest()),
    }),
  };
}
