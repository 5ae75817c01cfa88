import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CloudlessError, ERRORS, isCloudlessError } from '@cloudless/proto';
import { initTRPC, tracked, TRPCError } from '@trpc/server';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import { getWSConnectionHandler } from '@trpc/server/adapters/ws';
import { WebSocketServer } from 'ws';

/** What the API of this server does; each may throw a CloudlessError. */
export type TinyApi = {
  /** Throws: every socket is refused too, as a gateway refuses who is not signed in. */
  readonly cluster?: () => unknown;
  readonly list?: (input: unknown) => unknown;
  readonly plan?: (input: unknown) => unknown;
  readonly scale?: (input: unknown, request: IncomingMessage) => unknown;
  readonly live?: (lastEventId: string | undefined, signal: AbortSignal | undefined) => AsyncIterable<{ id: string; data: unknown }>;
  readonly logs?: (signal: AbortSignal | undefined) => AsyncIterable<unknown>;
};

const asInput = (raw: unknown): unknown => raw;

function createRouter(api: TinyApi) {
  const t = initTRPC.context<{ readonly request: IncomingMessage }>().create({
    errorFormatter({ shape, error }) {
      const { cause } = error;
      if (!isCloudlessError(cause)) return shape;
      const { code, issues, params, message } = cause;
      return { ...shape, message, data: { code, issues, params, remedy: ERRORS[code].remedy, errorId: 'err_1' } };
    },
  });
  const guard = async (work: () => unknown): Promise<unknown> => {
    try {
      return await work();
    } catch (cause) {
      throw cause instanceof CloudlessError ? new TRPCError({ code: 'BAD_REQUEST', message: cause.message, cause }) : cause;
    }
  };
  const ask = t.procedure.input(asInput);
  return t.router({
    cluster: t.router({ get: ask.query(() => guard(() => api.cluster?.())) }),
    workload: t.router({
      list: ask.query(({ input }) => guard(() => api.list?.(input))),
      plan: ask.query(({ input }) => guard(() => api.plan?.(input))),
      scale: ask.mutation(({ input, ctx }) => guard(() => api.scale?.(input, ctx.request))),
    }),
    live: t.router({
      follow: ask.subscription(async function* ({ input, signal }) {
        const { lastEventId } = input as { readonly lastEventId?: string };
        try {
          for await (const { id, data } of api.live?.(lastEventId, signal) ?? []) yield tracked(id, data);
        } catch (cause) {
          throw new TRPCError({ code: 'BAD_REQUEST', message: 'refused', cause });
        }
      }),
    }),
    log: t.router({
      follow: ask.subscription(async function* ({ signal }) {
        yield* api.logs?.(signal) ?? [];
      }),
    }),
  });
}

/** A coordinator of a few procedures over real HTTP and a real socket, on a free port of loopback. */
export async function startTinyCoordinator(api: TinyApi) {
  const router = createRouter(api);
  const trpc = createHTTPHandler({ router, basePath: '/trpc/', createContext: ({ req }) => ({ request: req }), allowMethodOverride: true });
  const handshakes: IncomingMessage[] = [];
  const server = createServer((request, response) => void trpc(request, response));
  const sockets = new WebSocketServer({ server, path: '/trpc', verifyClient: () => api.cluster === undefined });
  const serve = getWSConnectionHandler({ wss: sockets, router, createContext: ({ req }) => ({ request: req }) });
  sockets.on('connection', (socket, request) => {
    handshakes.push(request);
    void serve(socket, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    /** Requests that opened a socket. */
    handshakes,
    /** Cuts every socket without a word. */
    cut: () => sockets.clients.forEach((socket) => socket.terminate()),
    async [Symbol.asyncDispose]() {
      sockets.clients.forEach((socket) => socket.terminate());
      sockets.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
