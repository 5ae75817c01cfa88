import type { Clock, Entropy, Logger } from '@cloudless/kernel';
import { assert } from '@cloudless/kernel';
import { CloudlessError } from '@cloudless/proto';
import type { BatchOutcome, SqlDriver, SqlFailure, SqlRows, Statement } from '../driver.ts';
import { failedQuery, overloaded, unavailable } from '../failures.ts';
import { toRows, toStatementResult, type RqliteAnswer } from './answers.ts';
import { toFailure } from './failure.ts';
import { createHttpClient, type HttpClientOptions } from './http-client.ts';
import { createLeaderRoute, type Routed } from './leader-route.ts';
import { downloadSnapshot } from './download-snapshot.ts';
import { encodeStatements, EXECUTE_PATH, findRefusal, QUERY_PATH, returnsRows } from './requests.ts';
import { createSlots } from './slots.ts';
import { findStrangers, readNodes, type RqliteNode } from './read-nodes.ts';

export type KnownNodes =
  | { readonly kind: 'told'; readonly nodes: readonly RqliteNode[] }
  | { readonly kind: 'configured'; readonly origins: readonly string[] };

export interface RqliteDriver extends SqlDriver {
  /** Origin of the node that last served as leader. */
  readonly leader: string | undefined;
  /**
   * Every node of the cluster, as it is now.
   * @throws CloudlessError `store_unavailable` when no node tells
   */
  nodes(signal?: AbortSignal): Promise<readonly RqliteNode[]>;
  /** Its nodes as they were told last; before that, the addresses of the configuration. */
  readonly known: KnownNodes;
  /**
   * Refuses addresses of different clusters: when one is away, writes would go to the other.
   * @throws CloudlessError `config_invalid`
   */
  refuseStrangers(): Promise<void>;
  /**
   * Writes the leader's whole database, as it is at one moment, into an SQLite file that must not exist.
   * @throws CloudlessError `store_unavailable`
   */
  snapshot(path: string): Promise<void>;
}

export type RqliteOptions = {
  /** `http://host:port` of one or more nodes; the others are found. */
  readonly urls: readonly string[];
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly auth?: HttpClientOptions['auth'];
  readonly tls?: HttpClientOptions['tls'];
  /** How long a request waits for its answer. Default 30,000. */
  readonly deadlineMs?: number;
  /** How long a request looks for a leader. Default 5000. */
  readonly leaderWaitMs?: number;
  /** Requests that run at once. Default 32. */
  readonly inFlightLimit?: number;
  /** Requests that may wait for one of those to end. Default 1024. */
  readonly queueLimit?: number;
};

const CLOSED = unavailable('the connection to rqlite is closed');
const CONNECT_TIMEOUT_MS = 2000;
const SNAPSHOT_MS = 600_000;
/** Who does not tell by then whose node it is, is taken at the word of the configuration. */
const STRANGERS_MS = 1000;

const originsOf = (nodes: readonly RqliteNode[]): readonly string[] =>
  nodes.flatMap(({ url }) => (url === undefined ? [] : [new URL(url).origin]));

class Late extends Error {}

/** A signal that aborts at the deadline, or with `parent`. */
function startDeadline(clock: Clock, deadlineMs: number, parent?: AbortSignal) {
  const controller = new AbortController();
  const onParent = (): void => controller.abort(parent?.reason);
  parent?.addEventListener('abort', onParent, { once: true });
  const timer = clock.setTimer(deadlineMs, () => controller.abort(new Late(`no answer within ${deadlineMs} ms`)));
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      timer.cancel();
      parent?.removeEventListener('abort', onParent);
    },
  };
}

function toOutcome({ results }: RqliteAnswer, statements: readonly Statement[]): BatchOutcome {
  const failed = results.findIndex(({ error }) => error !== undefined && error !== '');
  const message = results[failed]?.error;
  if (message !== undefined) return { kind: 'failed', failure: toFailure(message), statement: failed };
  if (results.length !== statements.length)
    return { kind: 'unknown', reason: `rqlite answered ${results.length} of ${statements.length} statements` };
  // It happened, but its rows are gone: whoever settles it hears that it is stored.
  if (statements.some((statement, index) => returnsRows(statement) && !results[index]?.columns))
    return { kind: 'unknown', reason: 'rqlite returned no rows for RETURNING' };
  return { kind: 'committed', results: results.map(toStatementResult) };
}

function toQueryRows({ results: [result] }: RqliteAnswer): SqlRows {
  assert(result, 'rqlite answers a read with a result');
  if (result.error !== undefined && result.error !== '') throw failedQuery(toFailure(result.error));
  return toRows(result);
}

/** The clustered database, over HTTP, without a connection to open first: a cluster that is away is told by each request. */
export function createRqliteDriver(options: RqliteOptions): RqliteDriver {
  const { urls, clock, entropy, logger, auth, tls } = options;
  const { deadlineMs = 30_000, leaderWaitMs = 5000, inFlightLimit = 32, queueLimit = 1024 } = options;
  assert(urls.length > 0, 'an rqlite cluster has an address');
  const http = createHttpClient({ connections: inFlightLimit, connectTimeoutMs: CONNECT_TIMEOUT_MS, auth, tls });
  const origins = urls.map((url) => new URL(url).origin);
  let known: KnownNodes = { kind: 'configured', origins };
  const readAll = async (first: string | undefined, signal?: AbortSignal): Promise<readonly RqliteNode[]> => {
    using deadline = startDeadline(clock, leaderWaitMs, signal);
    const before = known.kind === 'told' ? known.nodes : [];
    const asked = [...(first === undefined ? [] : [first]), ...origins, ...originsOf(before)];
    const found = await readNodes({ origins: asked, http, clock, signal: deadline.signal });
    const reachedAt = new Map(before.map((node) => [node.id, node.reachedAt]));
    const nodes = found.map((node) => ({ ...node, reachedAt: node.reachedAt ?? reachedAt.get(node.id) }));
    known = { kind: 'told', nodes };
    return nodes;
  };
  const route = createLeaderRoute({
    urls: origins,
    http,
    clock,
    entropy,
    logger,
    leaderWaitMs,
    discover: async (leader) => await accept(readAll(leader)).then(originsOf, () => []),
  });
  const slots = createSlots(inFlightLimit, queueLimit);
  const accepted = new Set<Promise<unknown>>();
  let isStopped = false;

  /** @returns the failure when the request was not even tried */
  async function inSlot(signal: AbortSignal, send: () => Promise<Routed>): Promise<Routed | SqlFailure> {
    const admission = await slots.acquire(signal);
    if (admission === 'full') return overloaded(queueLimit);
    if (admission === 'aborted')
      return { kind: 'deadline', message: `${String(signal.reason instanceof Error ? signal.reason.message : signal.reason)}, not sent` };
    try {
      return await send();
    } finally {
      slots.release();
    }
  }

  function accept<T>(work: Promise<T>): Promise<T> {
    accepted.add(work);
    return work.finally(() => accepted.delete(work));
  }

  async function read(statement: Statement, signal: AbortSignal | undefined): Promise<SqlRows> {
    const refusal = findRefusal([statement], 'read');
    if (refusal) throw failedQuery(refusal.failure);
    using deadline = startDeadline(clock, deadlineMs, signal);
    const request = { method: 'POST', path: QUERY_PATH, body: encodeStatements([statement]) } as const;
    const routed = await inSlot(deadline.signal, () => route.send(request, { canRepeat: true, signal: deadline.signal }));
    signal?.throwIfAborted();
    if (routed.kind === 'answered') return toQueryRows(routed.answer);
    throw failedQuery('reason' in routed ? unavailable(routed.reason) : routed);
  }

  async function write(statements: readonly Statement[], id: string, waitMs: number): Promise<BatchOutcome> {
    using deadline = startDeadline(clock, waitMs);
    const request = { method: 'POST', path: EXECUTE_PATH, body: encodeStatements(statements) } as const;
    const routed = await inSlot(deadline.signal, () => route.send(request, { canRepeat: false, signal: deadline.signal }));
    switch (routed.kind) {
      case 'answered':
        return toOutcome(routed.answer, statements);
      case 'notDone':
        return {
          kind: 'failed',
          failure: { kind: deadline.signal.aborted ? 'deadline' : 'unavailable', message: routed.reason },
          statement: -1,
        };
      case 'lost':
        logger.warn({ op: 'store.rqlite', outcome: 'failed', batchId: id, reason: routed.reason });
        return { kind: 'unknown', reason: routed.reason };
      default:
        return { kind: 'failed', failure: routed, statement: -1 };
    }
  }

  return {
    get leader() {
      return route.leader;
    },
    async query(statement, { signal } = {}) {
      signal?.throwIfAborted();
      if (isStopped) throw failedQuery(CLOSED);
      return await accept(read(statement, signal));
    },
    async batch(statements, { id, deadlineMs: waitMs = deadlineMs }) {
      if (isStopped) return { kind: 'failed', failure: CLOSED, statement: -1 };
      const refusal = findRefusal(statements, 'write');
      if (refusal) return { kind: 'failed', ...refusal };
      if (statements.length === 0) return { kind: 'committed', results: [] };
      return await accept(write(statements, id, waitMs));
    },
    async snapshot(path) {
      using deadline = startDeadline(clock, SNAPSHOT_MS);
      await accept(
        downloadSnapshot({
          origins: route.leader === undefined ? origins : [route.leader, ...origins],
          http,
          path,
          signal: deadline.signal,
        }),
      );
    },
    nodes: (signal) => readAll(route.leader, signal),
    get known() {
      return known;
    },
    async refuseStrangers() {
      if (origins.length < 2) return;
      using deadline = startDeadline(clock, STRANGERS_MS);
      const strangers = await accept(findStrangers({ origins, http, signal: deadline.signal }));
      if (strangers)
        throw new CloudlessError(
          'config_invalid',
          `${strangers.join(' and ')} are nodes of different rqlite clusters. Name the nodes of one in CLOUDLESS_STORE_URL.`,
        );
    },
    async stop() {
      isStopped = true;
      await Promise.allSettled(accepted);
      await http.close();
    },
  };
}
