import type { RqliteDriver, RqliteNode } from '@cloudless/db/rqlite';
import type { StoreNode, StoreStatus } from '@cloudless/proto';
import { withDeadline, type Clock } from '@cloudless/kernel';

/** Of a cluster, shown at most. */
const NODES_SHOWN = 64;
/** Two seconds are enough where one node stands still. */
const DEADLINE_MS = 3000;

const roleOf = ({ isLeader, isVoter, isReachable }: RqliteNode): StoreNode['role'] =>
  isLeader ? 'leader' : !isVoter ? 'reader' : isReachable ? 'follower' : 'unknown';

/** A node as the contract tells it. */
export const toStoreNode = (node: RqliteNode): StoreNode => ({
  id: node.id,
  address: node.url ?? node.id,
  role: roleOf(node),
  reachable: node.isReachable,
  ...(node.isReachable && !node.isAnswering ? { silent: true } : {}),
  ...(node.reachedAt === undefined ? {} : { reachedAt: node.reachedAt }),
  ...(node.lagEntries === undefined ? {} : { lagEntries: node.lagEntries }),
  ...(node.version === undefined ? {} : { version: node.version }),
});

/** Nodes of which none answered. */
const listKnown = (known: RqliteDriver['known']): StoreNode[] =>
  known.kind === 'configured'
    ? known.origins.map((origin) => ({ id: origin, address: origin, role: 'unknown', reachable: false }))
    : known.nodes.map((node) => toStoreNode({ ...node, isReachable: false, isLeader: false, lagEntries: undefined }));

/** The replicated store as its nodes tell now; that none did is told too, with those that are known. */
export async function describeRqlite(
  driver: Pick<RqliteDriver, 'nodes' | 'known'>,
  clock: Clock,
  signal: AbortSignal,
): Promise<StoreStatus> {
  const shown = (nodes: readonly StoreNode[]) => ({ kind: 'rqlite', nodes: nodes.slice(0, NODES_SHOWN), checkedAt: clock.now() }) as const;
  try {
    const nodes = await withDeadline(clock, 'asking the nodes of the store', DEADLINE_MS, (within) => driver.nodes(within), signal);
    return shown(nodes.map(toStoreNode));
  } catch (cause) {
    signal.throwIfAborted();
    const message = cause instanceof Error ? cause.message : String(cause);
    return { ...shown(listKnown(driver.known)), failure: { code: 'store_unavailable', message } };
  }
}
