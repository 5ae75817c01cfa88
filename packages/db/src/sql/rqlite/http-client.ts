import { buildConnector, Pool, type Dispatcher } from 'undici';
import { revealSecret, type Secret } from '@cloudless/kernel';
import { explainTls, refusedClient } from './explain-tls.ts';

export type HttpRequest = {
  readonly method: 'GET' | 'POST';
  /** With its query. */
  readonly path: string;
  readonly body?: string;
};

/** What became of a request. The difference between the last two is what a write lives by. */
export type Exchange =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** The answer is rqlite's own, not that of a proxy before it. */
      readonly isFromRqlite: boolean;
      readonly location: string | undefined;
      readonly body: string;
    }
  /** Nothing can have happened: no byte of it left, or nobody read it. `isHopeless`: for a reason that stays until somebody mends it. */
  | { readonly kind: 'notSent'; readonly reason: string; readonly isHopeless?: boolean }
  /** It left, and no whole answer came: it may have happened, or may still. */
  | { readonly kind: 'lost'; readonly reason: string };

export interface HttpClient {
  /** One request, never repeated. Settles when `signal` aborts. */
  exchange(origin: string, request: HttpRequest, signal: AbortSignal): Promise<Exchange>;
  /** As `exchange`, for an answer too large for memory: its bytes go to `write` as they come, and `body` stays empty but for errors. */
  download(origin: string, request: HttpRequest, write: (chunk: Buffer) => void, signal: AbortSignal): Promise<Exchange>;
  close(): Promise<void>;
}

export type HttpClientOptions = {
  /** To each node. */
  readonly connections: number;
  readonly connectTimeoutMs: number;
  readonly auth?: { readonly username: string; readonly password: Secret } | undefined;
  /** PEM texts. `ca` replaces the machine's own list. */
  readonly tls?: { readonly ca?: string | undefined; readonly cert?: string | undefined; readonly key?: string | undefined } | undefined;
};

/** Nodes with open connections at once. A cluster has three or five. */
const POOLS_KEPT = 16;
/** Beyond it an answer is given up: a read of that size has to be paged. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '');

/** What undici and Node say, with the code that tells one refusal from another. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  if (first !== undefined) return describe(first);
  const code = codeOf(error);
  const explained = explainTls(code);
  if (explained !== undefined) return `${explained} (${code})`;
  return code !== '' && !error.message.includes(code) ? `${error.message} (${code})` : error.message;
}

/** A node that refuses our certificate says why, then closes. undici would tell of the close only. */
function createConnector(options: buildConnector.BuildOptions): buildConnector.connector {
  const connect = buildConnector(options);
  return (to, callback) =>
    connect(to, (...result) => {
      const [, socket] = result;
      socket?.once('error', (error) => (refusedClient(codeOf(error)) ? socket.destroy(error) : undefined));
      callback(...result);
    });
}

/** HTTP to rqlite's nodes: one pool of connections each, no pipelining, no retry of any kind, and an honest account of what was sent. */
export function createHttpClient({ connections, connectTimeoutMs, auth, tls }: HttpClientOptions): HttpClient {
  const pools = new Map<string, Pool>();
  const authorization = auth && `Basic ${Buffer.from(`${auth.username}:${revealSecret(auth.password)}`).toString('base64')}`;
  const headers = { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) };

  function poolOf(origin: string): Pool {
    const known = pools.get(origin);
    if (known) return known;
    const [oldest] = pools;
    if (oldest && pools.size >= POOLS_KEPT) {
      pools.delete(oldest[0]);
      void oldest[1].close();
    }
    const pool = new Pool(origin, {
      connections,
      pipelining: 1,
      // Deadlines are the caller's, on its own clock.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: createConnector({
        timeout: connectTimeoutMs,
        ...(tls?.ca && { ca: tls.ca }),
        ...(tls?.cert && { cert: tls.cert }),
        ...(tls?.key && { key: tls.key }),
      }),
    });
    pools.set(origin, pool);
    return pool;
  }

  function run(origin: string, request: HttpRequest, signal: AbortSignal, sink?: (chunk: Buffer) => void): Promise<Exchange> {
    const { promise, resolve } = Promise.withResolvers<Exchange>();
    const chunks: Buffer[] = [];
    let bytes = 0;
    let isSent = false;
    let controller: Dispatcher.DispatchController | undefined;
    let answer: Omit<Extract<Exchange, { kind: 'answered' }>, 'body'> | undefined;
    const settle = (exchange: Exchange): void => {
      signal.removeEventListener('abort', onAbort);
      resolve(exchange);
    };
    function fail(error: unknown): void {
      const [code, reason] = [codeOf(error), describe(error)];
      if (isSent && !refusedClient(code)) settle({ kind: 'lost', reason });
      else settle({ kind: 'notSent', reason, isHopeless: explainTls(code) !== undefined });
    }
    function onAbort(): void {
      fail(signal.reason);
      controller?.abort(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    }
    if (signal.aborted) {
      fail(signal.reason);
      return promise;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    poolOf(origin).dispatch(
      { method: request.method, path: request.path, headers, ...(request.body === undefined ? {} : { body: request.body }) },
      {
        // Called when the request is about to be written to an open connection.
        onRequestStart(started) {
          if (signal.aborted) return started.abort(new Error('given up before it was sent'));
          isSent = true;
          controller = started;
        },
        onResponseStart(_controller, status, responseHeaders) {
          const { location } = responseHeaders;
          answer = {
            kind: 'answered',
            status,
            isFromRqlite: responseHeaders['x-rqlite-version'] !== undefined,
            location: typeof location === 'string' ? location : undefined,
          };
        },
        onResponseData(current, chunk) {
          if (sink && answer?.status === 200) return sink(chunk);
          bytes += chunk.length;
          if (bytes > MAX_ANSWER_BYTES) return current.abort(new Error(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`));
          chunks.push(chunk);
        },
        onResponseEnd() {
          if (answer) settle({ ...answer, body: Buffer.concat(chunks).toString('utf8') });
          else fail(new Error('an answer without a status'));
        },
        onResponseError: (_controller, error) => fail(error),
      },
    );
    return promise;
  }

  return {
    exchange: (origin, request, signal) => run(origin, request, signal),
    download: (origin, request, write, signal) => run(origin, request, signal, write),
    async close() {
      const open = [...pools.values()];
      pools.clear();
      await Promise.all(open.map((pool) => pool.close()));
    },
  };
}
