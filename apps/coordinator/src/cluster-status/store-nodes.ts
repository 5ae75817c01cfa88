import type { RqliteDriver, RqliteNode } from '@cloudless/db/rqlite';
import type { StoreNode, StoreStatus } from '@cloudless/proto';
import { withDeadline, type Clock } from '@cloudless/kernel';

/** Of a cluster, shown at most. */
const NODES_SHOWN = 64;
/** A node waits 2 s for the others before it tells. */
const DEADLINE_MS = 3000;

const roleOf = ({ isLeader, isVoter, isReachable }: RqliteNode): StoreNode['role'] =>
  isLeader ? 'leader' : !isVoter ? 'reader' : isReachable ? 'follower' : 'unknown';

/** A node as the contract tells it. */
export const toStoreNode = (node: RqliteNode): StoreNode => ({
  id: node.id,
  address: node.url ?? node.id,
  role: roleOf(node),
  reachable: node.isReachable,
  ...(node.lagEntries === undefined ? {} : { lagEntries: node.lagEntries }),
  ...(node.version === undefined ? {} : { version: node.version }),
});

/** The replicated store as its nodes tell now; that none did is told too. */
export async function describeRqlite(driver: Pick<RqliteDriver, 'nodes'>, clock: Clock, signal: AbortSignal): Promise<StoreStatus> {
  try {
    const nodes = await withDeadline(clock, 'asking the nodes of the store', DEADLINE_MS, (within) => driver.nodes(within), signal);
    return { kind: 'rqlite', nodes: nodes.slice(0, NODES_SHOWN).map(toStoreNode), checkedAt: clock.now() };
  } catch (cause) {
    signal.throwIfAborted();
    const message = cause instanceof Error ? cause.message : String(cause);
    return { kind: 'rqlite', nodes: [], checkedAt: clock.now(), failure: { code: 'store_unavailable', message } };
  }
}
