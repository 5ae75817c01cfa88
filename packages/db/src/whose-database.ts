import { CloudlessError } from '@cloudless/proto';
import { toRecords, type SqlDriver } from './sql/driver.ts';

/** What stands in a database besides the cluster itself. */
export type DatabaseState =
  | { readonly kind: 'empty' }
  | { readonly kind: 'cluster'; readonly clusterId: string; readonly epoch: number; readonly movedTo: string | undefined }
  /** A copy of a cluster is being written into it, or was not finished. */
  | { readonly kind: 'incoming'; readonly clusterId: string; readonly source: string; readonly startedAt: number };

/** Whose database it is. Its schema is this release's. */
export async function readDatabaseState(driver: SqlDriver): Promise<DatabaseState> {
  const [incoming] = toRecords(await driver.query({ sql: 'SELECT cluster_id, source, started_at FROM incoming' }));
  if (incoming) {
    const { cluster_id: clusterId, source, started_at: startedAt } = incoming;
    return { kind: 'incoming', clusterId: String(clusterId), source: String(source), startedAt: Number(startedAt) };
  }
  const [cluster] = toRecords(await driver.query({ sql: 'SELECT id, epoch, moved_to FROM cluster' }));
  if (!cluster) return { kind: 'empty' };
  const { id, epoch, moved_to: movedTo } = cluster;
  return { kind: 'cluster', clusterId: String(id), epoch: Number(epoch), movedTo: movedTo === null ? undefined : String(movedTo) };
}

/**
 * Refuses a database that no coordinator may run on: one that its cluster has left, or one that holds half a copy.
 *
 * @param where names it for the person who reads the message
 * @throws CloudlessError `store_unavailable`
 */
export function refuseUnusable(state: DatabaseState, where: string): void {
  if (state.kind === 'incoming') {
    throw new CloudlessError(
      'store_unavailable',
      `${where} holds an unfinished copy of cluster ${state.clusterId} (from ${state.source}). Run the restore or the move again to finish it, or empty the database.`,
    );
  }
  if (state.kind === 'cluster' && state.movedTo !== undefined) {
    throw new CloudlessError(
      'store_unavailable',
      `${where} was moved to ${state.movedTo}, and is kept as it was. Set CLOUDLESS_STORE_URL to that address, or take the move back: \`npm run move-to-rqlite -- --url ${state.movedTo} --undo\`.`,
    );
  }
}
