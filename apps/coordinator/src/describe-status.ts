import { stat } from 'node:fs/promises';
import type { RqliteDriver, RqliteNode } from '@cloudless/db/rqlite';
import { isCloudlessError, type Leadership, type StoreNode, type StoreStatus } from '@cloudless/proto';
import type { Ground } from './ground.ts';
import type { ApiParts } from './parts.ts';

const SIDE_FILES = ['', '-wal'];
const NODES_SHOWN = 64;

/** The embedded database with its log; a file that is not there yet counts nothing. */
async function describeSqlite(path: string): Promise<StoreStatus> {
  const sizes = await Promise.all(
    SIDE_FILES.map((suffix) =>
      stat(path + suffix).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return { kind: 'sqlite', path, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** Each node of the cluster, as one of them tells; why nothing is known of them when none does. */
async function describeRqlite(rqlite: RqliteDriver, now: number, signal: AbortSignal): Promise<StoreStatus> {
  try {
    const nodes = await rqlite.nodes(signal);
    return { kind: 'rqlite', checkedAt: now, nodes: nodes.slice(0, NODES_SHOWN).map(describeNode) };
  } catch (error) {
    if (!isCloudlessError(error)) throw error;
    return { kind: 'rqlite', checkedAt: now, nodes: [], failure: { code: 'store_unavailable', message: error.message } };
  }
}

const describeNode = ({ id, url, isLeader, isVoter, isReachable, lagEntries, version }: RqliteNode): StoreNode => ({
  id,
  address: url ?? id,
  role: isLeader ? 'leader' : !isReachable ? 'unknown' : isVoter ? 'follower' : 'reader',
  reachable: isReachable,
  ...(lagEntries === undefined ? {} : { lagEntries }),
  ...(version === undefined ? {} : { version }),
});

const SOLE: Leadership = { state: 'sole' };

/** Who leads and where the durable state lies, as observed when asked. */
export const describeStatus =
  ({ cluster, version, store, startedAt, clock, paths, machine, rqlite }: Ground): ApiParts['describeStatus'] =>
  async (signal) => ({
    at: clock.now(),
    epoch: cluster.epoch,
    token: cluster.token,
    revision: store.revision,
    leadership: SOLE,
    coordinators: [{ id: machine().hostname, role: 'leader', version, sinceAt: startedAt, seenAt: clock.now() }],
    store: rqlite ? await describeRqlite(rqlite, clock.now(), signal) : await describeSqlite(paths.database),
  });
