import { stat } from 'node:fs/promises';
import type { CoordinatorStatus, StoreStatus } from '@cloudless/proto';
import type { BackupKeeper } from '../backup/keep-backups.ts';
import type { Ground } from '../ground.ts';
import { describeLead } from '../lead.ts';
import type { ApiParts } from '../parts.ts';
import { describeRqlite } from './store-nodes.ts';

const SIDE_FILES = ['', '-wal'];

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

/** This coordinator, then the standbys that hold a connection to it. */
function listCoordinators({ lead, machine, version, startedAt, clock, config }: Ground): CoordinatorStatus[] {
  const id = lead.kind === 'sole' ? machine().hostname : lead.coordinatorId;
  const address = config.coordinatorUrl?.origin;
  const self = {
    id,
    role: 'leader',
    version,
    sinceAt: startedAt,
    seenAt: clock.now(),
    ...(address === undefined ? {} : { address }),
  } as const;
  if (lead.kind === 'sole') return [self];
  const standbys = lead.peers.attendance.list();
  return [
    self,
    ...standbys.map((standby): CoordinatorStatus => {
      const { coordinatorId, version: runs, sinceAt, seenAt } = standby;
      const at = standby.address === '' ? {} : { address: standby.address };
      return { id: coordinatorId, role: 'standby', version: runs, sinceAt, seenAt, ...at };
    }),
  ];
}

/** Who leads and where the durable state lies, as observed when asked. */
export const describeStatus =
  (ground: Ground, backups: Pick<BackupKeeper, 'status'>): ApiParts['describeStatus'] =>
  async (signal) => {
    const { cluster, store, clock, lead, paths, database } = ground;
    // Side by side: while the store is away, each takes its time to find out.
    const [kept, lies] = await Promise.all([
      backups.status(),
      database.rqlite ? describeRqlite(database.rqlite, clock, signal) : describeSqlite(paths.database),
    ]);
    return {
      at: clock.now(),
      epoch: cluster.epoch,
      token: cluster.token,
      revision: store.revision,
      leadership: describeLead(lead),
      coordinators: listCoordinators(ground),
      backups: kept,
      store: lies,
    };
  };
