import type { IncomingMessage, ServerResponse } from 'node:http';
import { nodeHTTPRequestHandler } from '@trpc/server/adapters/node-http';
import { getWSConnectionHandler } from '@trpc/server/adapters/ws';
import { WebSocketServer } from 'ws';
import type { ApiEndpoints } from '../gateway/main-routes.ts';
import type { ApiParts } from '../parts.ts';
import type { ApiContext } from './call.ts';
import { createFaultLog } from './failure.ts';
import { createHandlers } from './handlers.ts';
import { describeRest } from './openapi.ts';
import { createLogRoute } from './rest/serve-logs.ts';
import { createRest } from './rest/serve-rest.ts';
import { createRouter } from './router.ts';

const MAX_BODY_BYTES = 4 * 2 ** 20;
/** Version of the REST contract: the 1 in `/api/v1`. */
export const API_VERSION = '1.0.0';

/** tRPC over HTTP and WebSocket, and REST: one router, one authorisation, one set of handlers. */
export function createApi(parts: ApiParts): ApiEndpoints {
  const logFault = createFaultLog(parts.logger, parts.entropy);
  const handlers = createHandlers(parts);
  const router = createRouter({ handlers, logFault });

  async function contextOf(request: IncomingMessage, addCookies: ApiContext['addCookies']): Promise<ApiContext> {
    const { headers, socket } = request;
    return { caller: await parts.people.authenticate(headers), origin: { headers, remoteAddress: socket.remoteAddress ?? '' }, addCookies };
  }
  const overHttp = (request: IncomingMessage, response: ServerResponse): Promise<ApiContext> =>
    contextOf(request, (cookies) => void response.appendHeader('set-cookie', cookies));
  const onSocket = getWSConnectionHandler({
    router,
    // Only its type is asked for: each socket is given to the handler below.
    wss: new WebSocketServer({ noServer: true }),
    createContext: ({ req }) => contextOf(req, () => undefined),
  });
  let document: object | undefined;
  return {
    trpcHttp: (req, res) =>
      nodeHTTPRequestHandler({
        router,
        req,
        res,
        path: (req.url ?? '').split('?', 1)[0]?.slice('/trpc/'.length) ?? '',
        createContext: () => overHttp(req, res),
        allowMethodOverride: true,
        allowBatching: true,
        maxBodySize: MAX_BODY_BYTES,
      }),
    trpcWebSocket: (socket, request) => void onSocket(socket, request),
    rest: createRest({
      router,
      clock: parts.clock,
      contextOf: overHttp,
      logFault,
      serveLogs: createLogRoute(parts, handlers['log.follow']),
      document: () => (document ??= describeRest(router, API_VERSION)),
    }),
  };
}
