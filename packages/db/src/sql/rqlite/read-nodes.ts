import { CloudlessError } from '@cloudless/proto';
import { z } from 'zod';
import type { Exchange, HttpClient } from './http-client.ts';

/** One node of the database's cluster, as another node or itself tells. */
export type RqliteNode = {
  readonly id: string;
  /** Where it serves its API; absent when it could not be asked. */
  readonly url: string | undefined;
  readonly isReachable: boolean;
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
  /** Nodes to ask, in order, until one answers. */
  readonly origins: readonly string[];
  readonly http: HttpClient;
  readonly signal: AbortSignal;
};

function parseJson<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

async function readApplied(http: HttpClient, url: string | undefined, signal: AbortSignal): Promise<number | undefined> {
  if (url === undefined) return undefined;
  const exchange = await http.exchange(new URL(url).origin, { method: 'GET', path: '/status?key=store.raft' }, signal);
  return exchange.kind === 'answered' ? parseJson(raftSchema, exchange.body)?.applied_index : undefined;
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

/** @throws CloudlessError `store_unavailable` when no node tells; `why` in its params is the last one's */
export async function readNodes({ origins, http, signal }: ReadNodesOptions): Promise<readonly RqliteNode[]> {
  let last: ReturnType<typeof explainSilence> = { why: 'unreachable', said: 'no node was asked' };
  for (const origin of new Set(origins)) {
    const exchange = await http.exchange(origin, { method: 'GET', path: '/nodes?ver=2&nonvoters&timeout=2s' }, signal);
    const found = exchange.kind === 'answered' ? parseJson(nodesSchema, exchange.body)?.nodes : undefined;
    if (!found) {
      last = explainSilence(origin, exchange);
      continue;
    }
    const applied = await Promise.all(found.map(({ reachable, api_addr: url }) => readApplied(http, reachable ? url : undefined, signal)));
    const newest = applied[found.findIndex(({ leader }) => leader)];
    return found.map((node, index) => {
      const appliedIndex = applied[index];
      return {
        id: node.id,
        url: node.api_addr,
        isReachable: node.reachable,
        isLeader: node.leader,
        isVoter: node.voter,
        version: node.version || undefined,
        appliedIndex,
        lagEntries: appliedIndex === undefined || newest === undefined ? undefined : Math.max(0, newest - appliedIndex),
        error: node.error,
      };
    });
  }
  throw new CloudlessError('store_unavailable', `${last.said}.`, { params: { why: last.why } });
}

/** The nodes' own addresses among themselves, as one of them tells; empty when it does not. */
async function readAddresses(http: HttpClient, origin: string, signal: AbortSignal): Promise<readonly string[]> {
  // What it knows without asking the others is enough.
  const exchange = await http.exchange(origin, { method: 'GET', path: '/nodes?ver=2&nonvoters&timeout=200ms' }, signal);
  const found = exchange.kind === 'answered' ? parseJson(nodesSchema, exchange.body)?.nodes : undefined;
  return (found ?? []).flatMap(({ addr }) => addr ?? []);
}

/** Two addresses that belong to different clusters of rqlite, as far as they answer. */
export async function findStrangers({ origins, http, signal }: ReadNodesOptions): Promise<readonly [string, string] | undefined> {
  const asked = await Promise.all(origins.map(async (origin) => ({ origin, members: await readAddresses(http, origin, signal) })));
  const [first, ...others] = asked.filter(({ members }) => members.length > 0);
  const stranger = others.find(({ members }) => !members.some((addr) => first?.members.includes(addr)));
  return first && stranger && [first.origin, stranger.origin];
}
