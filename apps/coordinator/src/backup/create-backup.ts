import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { findCluster, createGuardedWriter } from '@cloudless/db';
import { findDifference, openCopyFile, type CopyableDriver } from '@cloudless/db/copy';
import type { Clock, Entropy } from '@cloudless/kernel';
import { CloudlessError } from '@cloudless/proto';
import { noCrash, type CrashPoint } from '../crash-points.ts';
import { putSetting } from '../put-setting.ts';
import { measureFile, readBackupFile, writeBackupFile, type BackupManifest } from './backup-file.ts';
import { proveKey } from './prove-key.ts';
import { sealKey } from './sealed-key.ts';

export type CreateBackupOptions = {
  readonly driver: CopyableDriver;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly version: string;
  /** The file that is made. */
  readonly to: string;
  /** Puts the master key in, sealed. Without it the key has to be kept apart. */
  readonly withKey?: { readonly masterKey: Uint8Array; readonly passphrase: string };
  readonly crashPoint?: CrashPoint;
};

/** What the settings page tells of the last backup. */
export const LAST_BACKUP = 'backup.last';

function syncFolder(path: string): void {
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

/** The manifest of the copy in `database`. */
function describeCopy(database: string, { clock, entropy, version, withKey }: CreateBackupOptions): BackupManifest {
  const copy = openCopyFile(database);
  copy.close();
  const { schemaVersion, clusterId, epoch, headRevision, tables } = copy.contents;
  return {
    format: 1,
    madeAt: new Date(clock.now()).toISOString(),
    version,
    schemaVersion,
    clusterId,
    epoch,
    headRevision,
    // Measured after it was opened, as opening may write.
    ...measureFile(database),
    tables: [...tables],
    ...(withKey ? { masterKey: sealKey(withKey.masterKey, withKey.passphrase, entropy) } : {}),
  };
}

/** Reads the whole file again, as a restore would. */
function verify(path: string, extracted: string): void {
  const manifest = readBackupFile(path, extracted);
  const copy = openCopyFile(extracted);
  copy.close();
  const difference = findDifference(manifest.tables, copy.contents.tables);
  if (difference !== undefined)
    throw new CloudlessError('store_unavailable', `The backup was written and is not whole: ${difference}. Try again on another disk.`);
}

/** Best effort: the backup is good whether or not the page can tell of it. */
async function remember({ driver, clock, entropy, to }: CreateBackupOptions, manifest: BackupManifest): Promise<void> {
  const cluster = await findCluster(driver);
  if (!cluster) return;
  const value = JSON.stringify({ at: clock.now(), file: to, bytes: manifest.bytes, headRevision: manifest.headRevision });
  const writer = createGuardedWriter({ driver, clock, entropy, token: cluster.token });
  await writer.write([putSetting(cluster.orgId, LAST_BACKUP, value, clock.now())]).catch(() => undefined);
}

/**
 * Copies the whole cluster into one file, while a coordinator may run. The file has its name only once it was read back and found whole.
 *
 * @throws CloudlessError `config_invalid` when the file exists or cannot be written; `store_unavailable`
 */
export async function createBackup(options: CreateBackupOptions): Promise<BackupManifest> {
  const { driver, to, withKey, crashPoint = noCrash } = options;
  if (existsSync(to)) throw new CloudlessError('config_invalid', `${to} exists already. Name another file, or remove that one.`);
  if (statSync(dirname(to), { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new CloudlessError('config_invalid', `The backup ${to} cannot be written: there is no folder ${dirname(to)}.`);
  const [draft, database, extracted] = [`${to}.partial`, `${to}.partial.db`, `${to}.partial.read`];
  const removeDrafts = (): void => {
    for (const path of [draft, database, extracted])
      for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true });
  };
  try {
    removeDrafts();
    // Before the database is blamed for a folder that cannot be written.
    closeSync(openSync(draft, 'wx', 0o600));
    rmSync(draft);
    const { rows } = await driver.query({ sql: 'SELECT head_revision FROM cluster' });
    if (rows.length === 0)
      throw new CloudlessError('config_invalid', 'There is no cluster to back up: the database holds none, or an unfinished copy of one.');
    if (withKey) await proveKey(driver, withKey.masterKey, options.entropy);
    await driver.snapshot(database);
    const manifest = describeCopy(database, options);
    // An rqlite node that was deposed and does not know it would copy the past.
    if (manifest.headRevision < Number(rows[0]?.[0] ?? 0))
      throw new CloudlessError('store_unavailable', 'The database gave a copy that is older than itself. Try again in a moment.');
    writeBackupFile(draft, manifest, database);
    verify(draft, extracted);
    crashPoint('backup.beforeRename');
    renameSync(draft, to);
    crashPoint('backup.afterRename');
    syncFolder(to);
    await remember(options, manifest);
    return manifest;
  } catch (cause) {
    if (cause instanceof CloudlessError) throw cause;
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new CloudlessError(
      'config_invalid',
      `The backup ${to} cannot be written: ${said}. Name a file in a folder that exists and has space.`,
      { cause },
    );
  } finally {
    removeDrafts();
  }
}
