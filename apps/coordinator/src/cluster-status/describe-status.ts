import { stat } from 'node:fs/promises';
import type { Leadership, StoreStatus } from '@cloudless/proto';
import type { Ground } from '../ground.ts';
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
    store: rqlite ? await describeRqlite(rqlite, clock, signal) : await describeSqlite(paths.database),
  });
