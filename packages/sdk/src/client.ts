import {
  createTRPCUntypedClient,
  createWSClient,
  httpBatchLink,
  httpLink,
  splitLink,
  wsLink,
  type HTTPLinkOptions,
  type TRPCUntypedClient,
} from '@trpc/client';
import type { AnyTRPCRouter } from '@trpc/server';
import { CloudlessError, PROCEDURE_KINDS, type ProcedureName } from '@cloudless/proto';
import type { CallOptions, Calls, CloudlessClient, Following, FollowHandlers } from './client-type.ts';
import { toClientError } from './client-error.ts';
import { retryDelayMs } from './delay.ts';
import { follow } from './follow.ts';
import { withHeaders } from './web-socket.ts';

export type ClientOptions = {
  /** Where the coordinator answers, for example `https://cloudless.local:7600`. In the dashboard: its own origin. */
  readonly url: string;
  /** An API token, `cl_…`. Without one, the session cookie of the page is sent. Node only: a browser's socket carries no token. */
  readonly token?: string;
  readonly fetch?: typeof fetch;
  readonly WebSocket?: typeof WebSocket;
  /** Sent with every request, and with the socket where the platform lets one set headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A query or change that got no answer for this long fails. Default 30 s. */
  readonly timeoutMs?: number;
};

const TIMEOUT_MS = 30_000;
/** Calls in one request at most. */
const MAX_TOGETHER = 16;
/** Characters of an address that every proxy on the way takes. An input may grow threefold when it is escaped. */
const MAX_ADDRESS = 6000;
/** No stream for this long: the socket is closed. */
const IDLE_MS = 15_000;
/** A coordinator that went without a word is noticed after both. */
const KEEP_ALIVE = { enabled: true, intervalMs: 10_000, pongTimeoutMs: 5000 };

function readBase(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new CloudlessError('config_invalid', `createClient was given the url "${url}", which is not an http or https address.`);
  }
  return new URL(url).origin;
}

type Ask = (input?: unknown, options?: CallOptions) => Promise<unknown>;
type Follow = (input: unknown, handlers: FollowHandlers<unknown>) => Following;

/** Streams that lost their socket together ask once. */
function createRefusalCheck(client: TRPCUntypedClient<AnyTRPCRouter>, url: string): () => Promise<CloudlessError | undefined> {
  const name: ProcedureName = 'cluster.get';
  let asking: Promise<CloudlessError | undefined> | undefined;
  const ask = async (): Promise<CloudlessError | undefined> => {
    try {
      await client.query(name, {});
      return undefined;
    } catch (cause) {
      const error = toClientError(cause, { name, kind: 'query', url });
      return error.code === 'unauthenticated' ? error : undefined;
    }
  };
  return () => (asking ??= ask().finally(() => (asking = undefined)));
}

/** One function a procedure of the contract, in a plain object an area. */
function buildCalls(client: TRPCUntypedClient<AnyTRPCRouter>, url: string): Record<string, Record<string, Ask | Follow>> {
  const calls: Record<string, Record<string, Ask | Follow>> = {};
  const findRefusal = createRefusalCheck(client, url);
  for (const [name, kind] of Object.entries(PROCEDURE_KINDS)) {
    const ask: Ask = async (input = {}, { signal } = {}) => {
      try {
        return await client[kind === 'query' ? 'query' : 'mutation'](name, input, signal ? { signal } : {});
      } catch (cause) {
        signal?.throwIfAborted();
        throw toClientError(cause, { name, kind, url });
      }
    };
    const [area = '', method = ''] = name.split('.');
    const subscribe: Follow = (input, handlers) => follow({ client, name, input, url, findRefusal }, handlers);
    (calls[area] ??= {})[method] = kind === 'subscription' ? subscribe : ask;
  }
  return calls;
}

type LinkFetch = NonNullable<HTTPLinkOptions<AnyTRPCRouter['_def']['_config']['$types']>['fetch']>;

/** Each request is given up in time, and carries the session of a page to its own origin only. */
function createFetch(options: ClientOptions): LinkFetch {
  const send = options.fetch ?? fetch;
  return (url, { signal, ...init } = {}) => {
    const late = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
    return send(url, { ...init, credentials: 'same-origin', signal: signal ? AbortSignal.any([signal, late]) : late });
  };
}

/**
 * A client of one coordinator. Queries and changes go over HTTP, queries of one moment together; streams over one socket, which opens with the
 * first and comes back by itself.
 * @throws CloudlessError `config_invalid` for an address that is none. Every call fails with a CloudlessError only, or with the reason of
 * the caller's own signal.
 */
export function createClient(options: ClientOptions): CloudlessClient {
  const base = readBase(options.url);
  const headers = { ...options.headers, ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }) };
  const Socket = options.WebSocket ?? WebSocket;
  const sockets = createWSClient({
    url: `${base.replace(/^http/, 'ws')}/trpc`,
    WebSocket: Object.keys(headers).length === 0 ? Socket : withHeaders(Socket, headers),
    lazy: { enabled: true, closeMs: IDLE_MS },
    keepAlive: KEEP_ALIVE,
    retryDelayMs,
  });
  const overHttp = { url: `${base}/trpc`, headers, fetch: createFetch(options) };
  const client = createTRPCUntypedClient<AnyTRPCRouter>({
    links: [
      splitLink({
        condition: ({ type }) => type === 'subscription',
        true: wsLink({ client: sockets }),
        false: splitLink({
          // A change does not wait for others to share a request with. A spec to preview does not fit into an address.
          condition: ({ type, input }) => type === 'mutation' || JSON.stringify(input).length > MAX_ADDRESS / 3,
          true: httpLink({ ...overHttp, methodOverride: 'POST' }),
          false: httpBatchLink({ ...overHttp, maxItems: MAX_TOGETHER, maxURLLength: MAX_ADDRESS }),
        }),
      }),
    ],
  });
  const close = (): Promise<void> => sockets.close();
  return { ...(buildCalls(client, base) as unknown as Calls), close, [Symbol.asyncDispose]: close };
}
