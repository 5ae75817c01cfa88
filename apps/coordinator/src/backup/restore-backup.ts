import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findCluster, listMigrations, migrate, readDatabaseState } from '@cloudless/db';
import { copyInto, findDifference, openCopyFile, type CopyableDriver, type CopyStep } from '@cloudless/db/copy';
import { createSqliteDriver } from '@cloudless/db/sqlite';
import type { Clock, Entropy } from '@cloudless/kernel';
import { CloudlessError } from '@cloudless/proto';
import { readClusterId, type DataPaths } from '../data-folder.ts';
import { putSetting } from '../put-setting.ts';
import { readBackupFile, type BackupManifest } from './backup-file.ts';
import { proveKey } from './prove-key.ts';
import { openSealedKey } from './sealed-key.ts';

export type RestoreOptions = {
  readonly from: string;
  readonly paths: DataPaths;
  /** The rqlite cluster that takes it; else SQLite in the data folder does. */
  readonly into: CopyableDriver | undefined;
  readonly passphrase: string | undefined;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly onStep?: (step: CopyStep) => void;
};

export type Restored = { readonly manifest: BackupManifest; readonly epoch: number };

/** What the settings page tells of the last restore that was proven whole. */
export const LAST_RESTORE = 'restore.last';

const refuse = (message: string, cause?: unknown): CloudlessError => new CloudlessError('config_invalid', message, { cause });

function refuseNewer({ schemaVersion, version }: BackupManifest): void {
  const known = listMigrations().at(-1)?.version ?? 0;
  if (schemaVersion > known)
    throw refuse(
      `The backup has schema ${schemaVersion}, made by release ${version}; this release knows up to ${known}. Restore it with that release or a newer one.`,
    );
}

/** Clocks of two machines may differ by so much. */
const CLOCK_SLACK_MS = 5 * 60_000;

/** The new epoch comes from the clock: one that is behind would give two restores of a backup the same, and devices would refuse the second. */
function refuseClockBehind({ madeAt }: BackupManifest, nowMs: number): void {
  if (nowMs >= Date.parse(madeAt) - CLOCK_SLACK_MS) return;
  throw refuse(
    `The clock of this machine says ${new Date(nowMs).toISOString()}, and the backup was made at ${madeAt}. Set the clock, then restore: devices take the later of two restores for the right one.`,
  );
}

function checkWhole(database: string, manifest: BackupManifest): void {
  const copy = openCopyFile(database);
  copy.close();
  const difference = findDifference(manifest.tables, copy.contents.tables);
  if (difference !== undefined) throw refuse(`The backup is damaged: ${difference}. Use another one.`);
}

async function findKey({ paths, passphrase, entropy }: RestoreOptions, { masterKey }: BackupManifest): Promise<Uint8Array> {
  const own = await readFile(paths.masterKey, 'utf8').then(
    (text) => new Uint8Array(Buffer.from(text.trim(), 'base64')),
    () => undefined,
  );
  if (passphrase === undefined) {
    if (own) return own;
    throw refuse(
      masterKey
        ? 'The backup holds the master key, sealed: name the file of its passphrase with --passphrase-file.'
        : `The backup holds no master key: put the master.key of that cluster at ${paths.masterKey} first, readable by its owner alone.`,
    );
  }
  if (!masterKey)
    throw refuse('A passphrase was given, and the backup holds no master key. Leave --passphrase-file away, and put master.key in place.');
  const opened = openSealedKey(masterKey, passphrase, entropy);
  if (own && !Buffer.from(own).equals(Buffer.from(opened)))
    throw refuse(`${paths.masterKey} is another cluster's. Restore into an empty data folder.`);
  return opened;
}

/**
 * Higher than any that agents of this cluster have seen, also when the same backup is restored twice: they refuse a lower one. So it is the
 * time, in seconds.
 */
const epochAfter = (epoch: number, nowMs: number): number => Math.max(epoch + 1, Math.floor(nowMs / 1000));

/** Brings the extracted database to this release's schema, and to its new epoch. */
async function prepare(database: string, options: RestoreOptions, manifest: BackupManifest): Promise<number> {
  const { clock, entropy, from } = options;
  const driver = await createSqliteDriver({ path: database, thread: 'inline' });
  try {
    await migrate({ driver, clock });
    const cluster = await findCluster(driver);
    if (!cluster) throw refuse('The backup holds no cluster. Use another one.');
    await proveKey(driver, await findKey(options, manifest), entropy);
    const epoch = epochAfter(cluster.epoch, clock.now());
    const outcome = await driver.batch(
      [
        { sql: 'UPDATE cluster SET epoch = ?, token = token + 1, moved_to = NULL', params: [epoch] },
        { sql: 'DELETE FROM incoming' },
        { sql: 'DELETE FROM leader' },
        putSetting(cluster.orgId, LAST_RESTORE, JSON.stringify({ at: clock.now(), file: from, madeAt: manifest.madeAt }), clock.now()),
      ],
      { id: 'restore' },
    );
    if (outcome.kind !== 'committed') throw refuse('The copy could not be prepared. Check the space of the data folder.');
    return epoch;
  } finally {
    await driver.stop();
  }
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  fsyncSync(file);
  closeSync(file);
}

async function refuseOccupied({ paths, into }: RestoreOptions, { clusterId }: BackupManifest): Promise<void> {
  if (existsSync(paths.database)) throw refuse(`${paths.database} exists: a cluster lives there. Restore into an empty data folder.`);
  // SQLite would apply what such a file still holds to any database that is put beside it.
  const orphan = ['-wal', '-journal'].map((suffix) => paths.database + suffix).find((path) => existsSync(path));
  if (orphan !== undefined)
    throw refuse(
      `${orphan} was left by a database that is gone, and may hold its last changes. Move it away, or restore into an empty data folder.`,
    );
  const known = await readClusterId(paths);
  if (into && known !== undefined && known !== clusterId)
    throw refuse(`The data folder belongs to cluster ${known}, and the backup is of cluster ${clusterId}. Use another data folder.`);
  // Before a key is left in the folder; what comes meanwhile, the copy itself refuses.
  const there = into && (await readDatabaseState(into));
  if (there?.kind === 'cluster') throw refuse(`The database holds cluster ${there.clusterId} already. Restore into an empty one.`);
}

/** Makes the folder; what is disposed of takes away what was made and is still empty. */
function makeFolder(folder: string): Disposable {
  const first = mkdirSync(folder, { recursive: true, mode: 0o700 });
  return {
    [Symbol.dispose]() {
      if (first === undefined) return;
      try {
        for (let path = folder; path.length >= first.length; path = dirname(path)) rmdirSync(path);
      } catch {
        // It holds something: the restore succeeded, or somebody else came.
      }
    },
  };
}

async function keepKey(options: RestoreOptions, manifest: BackupManifest): Promise<void> {
  const key = await findKey(options, manifest);
  if (existsSync(options.paths.masterKey)) return;
  await writeFile(options.paths.masterKey, `${Buffer.from(key).toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true });
}

/**
 * Puts a backup into an empty data folder, or an empty rqlite cluster: checked byte by byte and row by row, with a raised epoch. Until the last
 * step nothing can start on it; interrupted, it can be run again; refused, it leaves nothing behind.
 *
 * @throws CloudlessError `config_invalid` for a backup, a key or a place that does not fit; `store_unavailable`
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { from, paths, into, clock, onStep } = options;
  if (!existsSync(from)) throw refuse(`There is no backup ${from}.`);
  const folder = dirname(paths.database);
  using _folder = makeFolder(folder);
  const database = join(folder, 'restore.partial.db');
  const removeDrafts = (): void => {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(database + suffix, { force: true });
  };
  removeDrafts();
  try {
    const manifest = readBackupFile(from, database);
    refuseNewer(manifest);
    refuseClockBehind(manifest, clock.now());
    await refuseOccupied(options, manifest);
    checkWhole(database, manifest);
    const epoch = await prepare(database, options, manifest);
    await keepKey(options, manifest);
    if (into) {
      const copy = openCopyFile(database);
      try {
        await copyInto({ driver: into, copy, source: `the backup ${from}`, clock, epoch, ...(onStep ? { onStep } : {}) });
      } finally {
        copy.close();
      }
      await writeFile(paths.clusterId, `${manifest.clusterId}\n`, { mode: 0o600 });
    } else {
      sync(database);
      renameSync(database, paths.database);
      sync(folder);
    }
    return { manifest, epoch };
  } catch (cause) {
    if (cause instanceof CloudlessError) throw cause;
    const said = cause instanceof Error ? cause.message : String(cause);
    throw refuse(
      `The backup ${from} cannot be restored into ${folder}: ${said}. Check that the one can be read, and the space of the other.`,
      cause,
    );
  } finally {
    removeDrafts();
  }
}
