import { withDeadline, type Clock } from '@cloudless/kernel';
import { CloudlessError } from '@cloudless/proto';
import { z } from 'zod';
import type { Exchange, HttpClient } from './http-client.ts';

/** One node of the database's cluster, as another node or itself tells. */
export type RqliteNode = {
  readonly id: string;
  /** Where it serves its API; absent when it could not be asked. */
  readonly url: string | undefined;
  readonly isReachable: boolean;
  /** Wall clock at which another of its nodes last reached it, as far as this driver was told. */
  readonly reachedAt: number | undefined;
  /** Whether it answered this coordinator. */
  readonly isAnswering: boolean;
  readonly isLeader: boolean;
  readonly isVoter: boolean;
  readonly version: string | undefined;
  /** Newest entry of the log that it has applied; absent when this coordinator cannot reach it. */
  readonly appliedIndex: number | undefined;
  /** Entries that the leader has applied and this one has not. */
  readonly lagEntries: number | undefined;
  /** Why it is not reachable, in rqlite's words. */
  readonly error: string | undefined;
};

const nodesSchema = z.object({
  nodes: z.array(
    z.object({
      id: z.string(),
      addr: z.string().optional(),
      api_addr: z.string().optional(),
      version: z.string(),
      voter: z.boolean(),
      reachable: z.boolean(),
      leader: z.boolean(),
      error: z.string().optional(),
    }),
  ),
});
const raftSchema = z.object({ applied_index: z.number() });

export type ReadNodesOptions = {
  /** Nodes to ask: the first, and the others once it fails or says nothing. */
  readonly origins: readonly string[];
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

/** A node that stands still takes connections and says nothing. The others are asked after this, so that all is told within two seconds. */
const SUSPECT_AFTER_MS = 500;
/** For where the log of one node stands. */
const APPLIED_MS = 500;
const NODES_PATH = '/nodes?ver=2&nonvoters&timeout=';

function parseJson<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

type Applied = { readonly isAnswering: boolean; readonly index: number | undefined };
const SILENT: Applied = { isAnswering: false, index: undefined };

async function readApplied(url: string | undefined, { http, clock, signal }: Omit<ReadNodesOptions, 'origins'>): Promise<Applied> {
  if (url === undefined) return SILENT;
  const ask = (within: AbortSignal): Promise<Exchange> =>
    http.exchange(new URL(url).origin, { method: 'GET', path: '/status?key=store.raft' }, within);
  const exchange = await withDeadline(clock, 'asking a node of the store', APPLIED_MS, ask, signal).catch(() => undefined);
  if (exchange?.kind !== 'answered') return SILENT;
  return { isAnswering: true, index: parseJson(raftSchema, exchange.body)?.applied_index };
}

/** Why a node told nothing, as far as that can be known from outside. */
export type RqliteSilence = 'unreachable' | 'refused' | 'notRqlite';

function explainSilence(origin: string, exchange: Exchange): { readonly why: RqliteSilence; readonly said: string } {
  if (exchange.kind !== 'answered') return { why: 'unreachable', said: `${origin} cannot be reached: ${exchange.reason}` };
  const { status, isFromRqlite } = exchange;
  if (status === 401 || status === 403) return { why: 'refused', said: `${origin} refused the user name or password (${status})` };
  return isFromRqlite
    ? { why: 'unreachable', said: `${origin} answered ${status}` }
    : { why: 'notRqlite', said: `${origin} answered ${status}: this is no rqlite node` };
}

class Silence extends Error {
  readonly why: RqliteSilence;
  constructor({ why, said }: ReturnType<typeof explainSilence>) {
    super(said);
    this.why = why;
  }
}

async function askNode(origin: string, options: Omit<ReadNodesOptions, 'origins'>): Promise<readonly RqliteNode[]> {
  const { http, signal } = options;
  const exchange = await http.exchange(origin, { method: 'GET', path: `${NODES_PATH}1s` }, signal);
  const found = exchange.kind === 'answered' ? parseJson(nodesSchema, exchange.body)?.nodes : undefined;
  if (!found) throw new Silence(explainSilence(origin, exchange));
  const applied = await Promise.all(found.map(({ reachable, api_addr: url }) => readApplied(reachable ? url : undefined, options)));
  const newest = applied[found.findIndex(({ leader }) => leader)]?.index;
  return found.map((node, at) => {
    const { isAnswering, index: appliedIndex } = applied[at] ?? SILENT;
    return {
      id: node.id,
      url: node.api_addr,
      isReachable: node.reachable,
      reachedAt: node.reachable ? options.clock.now() : undefined,
      isAnswering,
      isLeader: node.leader,
      isVoter: node.voter,
      version: node.version || undefined,
      appliedIndex,
      lagEntries: appliedIndex === undefined || newest === undefined ? undefined : Math.max(0, newest - appliedIndex),
      error: node.error,
    };
  });
}

/** @throws CloudlessError `store_unavailable` when no node tells; `why` in its params is the last one's */
export async function readNodes({ origins, ...options }: ReadNodesOptions): Promise<readonly RqliteNode[]> {
  const [first = '', ...others] = new Set(origins);
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const ask = (origin: string): Promise<readonly RqliteNode[]> => askNode(origin, { ...options, signal });
  const told = ask(first);
  const isTold = told.then(
    () => true,
    () => false,
  );
  const isLate = options.clock.sleep(SUSPECT_AFTER_MS, signal).then(
    () => false,
    () => false,
  );
  const askNext = async (origin: string): Promise<readonly RqliteNode[]> => {
    if (await Promise.race([isTold, isLate])) throw new Silence({ why: 'unreachable', said: 'it was not asked' });
    return await ask(origin);
  };
  try {
    return await Promise.any([told, ...others.map(askNext)]);
  } catch (cause) {
    const silences = (cause instanceof AggregateError ? cause.errors : [cause]).filter((each) => each instanceof Silence);
    const { message, why } = silences.at(-1) ?? new Silence({ why: 'unreachable', said: 'no node was asked' });
    throw new CloudlessError('store_unavailable', `${message}.`, { params: { why } });
  } finally {
    over.abort(new Error('another node told'));
  }
}

/** The nodes' own addresses among themselves, as one of them tells; empty when it does not. */
async function readAddresses(http: HttpClient, origin: string, signal: AbortSignal): Promise<readonly string[]> {
  // What it knows without asking the others is enough.
  const exchange = await http.exchange(origin, { method: 'GET', path: `${NODES_PATH}200ms` }, signal);
  const found = exchange.kind === 'answered' ? parseJson(nodesSchema, exchange.body)?.nodes : undefined;
  return (found ?? []).flatMap(({ addr }) => addr ?? []);
}

/** Two addresses that belong to different clusters of rqlite, as far as they answer. */
export async function findStrangers({
  origins,
  http,
  signal,
}: Omit<ReadNodesOptions, 'clock'>): Promise<readonly [string, string] | undefined> {
  const asked = await Promise.all(origins.map(async (origin) => ({ origin, members: await readAddresses(http, origin, signal) })));
  const [first, ...others] = asked.filter(({ members }) => members.length > 0);
  const stranger = others.find(({ members }) => !members.some((addr) => first?.members.includes(addr)));
  return first && stranger && [first.origin, stranger.origin];
}
