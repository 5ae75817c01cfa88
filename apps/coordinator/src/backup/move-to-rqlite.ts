import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readDatabaseState, type DatabaseState, type SqlDriver } from '@cloudless/db';
import { copyInto, openCopyFile, removeCopy, type CopyableDriver, type CopyFile, type CopyStep } from '@cloudless/db/copy';
import type { Clock } from '@cloudless/kernel';
import { CloudlessError } from '@cloudless/proto';

/** Where a move stands, for tests that stop it there. */
export type MoveStep = 'checked' | 'marked' | 'copied' | CopyStep;

export type MoveOptions = {
  /** The embedded database, with this release's schema. */
  readonly from: CopyableDriver;
  readonly fromPath: string;
  readonly to: CopyableDriver;
  /** Addresses of the new database, as CLOUDLESS_STORE_URL takes them. */
  readonly url: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly onStep?: (step: MoveStep) => void;
};

export type Moved = { readonly kind: 'moved' | 'alreadyMoved' | 'undone'; readonly clusterId: string };

const refuse = (message: string): CloudlessError => new CloudlessError('config_invalid', message);

function ownCluster(state: DatabaseState, path: string): Extract<DatabaseState, { kind: 'cluster' }> {
  if (state.kind === 'cluster') return state;
  throw refuse(`${path} holds no cluster to move.`);
}

/** Raises the token with the mark: a coordinator that still runs here is fenced out by the same stroke. */
async function mark(from: SqlDriver, url: string | null): Promise<void> {
  const outcome = await from.batch([{ sql: 'UPDATE cluster SET moved_to = ?, token = token + 1', params: [url] }], { id: 'move-mark' });
  if (outcome.kind !== 'committed')
    throw new CloudlessError('store_unavailable', 'The database could not be marked as moved. Check the space of the data folder.');
}

async function withCopy<T>(from: CopyableDriver, fromPath: string, use: (copy: CopyFile) => Promise<T>): Promise<T> {
  const path = join(dirname(fromPath), 'move.partial.db');
  const remove = (): void => {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true });
  };
  remove();
  try {
    await from.snapshot(path);
    const copy = openCopyFile(path);
    try {
      return await use(copy);
    } finally {
      copy.close();
    }
  } finally {
    remove();
  }
}

/**
 * Moves a cluster from the data folder into an empty rqlite cluster: marked as moved first, then copied, then verified. Interrupted anywhere, it
 * can be run again, or undone.
 *
 * @throws CloudlessError `config_invalid`, `store_unavailable`
 */
export async function moveToRqlite({ from, fromPath, to, url, clock, onStep }: MoveOptions): Promise<Moved> {
  const own = ownCluster(await readDatabaseState(from), fromPath);
  const { clusterId, epoch, movedTo } = own;
  if (movedTo !== undefined && movedTo !== url)
    throw refuse(`${fromPath} is being moved to ${movedTo}, not to ${url}. Go on with that address, or undo that move.`);
  const there = await readDatabaseState(to);
  if (there.kind !== 'empty' && there.clusterId !== clusterId)
    throw refuse(`${url} holds cluster ${there.clusterId} already, and this is cluster ${clusterId}. Move into an empty rqlite cluster.`);
  if (there.kind === 'cluster') {
    if (movedTo === undefined)
      throw refuse(`${url} holds this cluster already, and ${fromPath} was not moved there. Empty one of the two.`);
    return { kind: 'alreadyMoved', clusterId };
  }
  onStep?.('checked');
  if (movedTo === undefined) await mark(from, url);
  onStep?.('marked');
  await withCopy(from, fromPath, async (copy) => {
    await copyInto({ driver: to, copy, source: fromPath, clock, epoch, ...(onStep ? { onStep } : {}) });
  });
  onStep?.('copied');
  return { kind: 'moved', clusterId };
}

/**
 * Takes a move back: what was copied is removed, and the data folder serves again. Not once a coordinator has started on the new database.
 *
 * @throws CloudlessError `config_invalid`, `store_unavailable`
 */
export async function undoMove({ from, fromPath, to, url, clock }: MoveOptions): Promise<Moved> {
  const { clusterId, movedTo } = ownCluster(await readDatabaseState(from), fromPath);
  if (movedTo === undefined) throw refuse(`${fromPath} was not moved: there is nothing to undo.`);
  if (movedTo !== url) throw refuse(`${fromPath} is being moved to ${movedTo}, not to ${url}. Name that address.`);
  const there = await readDatabaseState(to);
  if (there.kind !== 'empty' && there.clusterId !== clusterId)
    throw refuse(
      `${url} holds cluster ${there.clusterId}, not this one, ${clusterId}: nothing was undone. Empty that rqlite cluster and undo again, or make a backup of this data folder and restore it into an empty one.`,
    );
  await withCopy(from, fromPath, async (copy) => await removeCopy(to, copy, clock));
  await mark(from, null);
  return { kind: 'undone', clusterId };
}
