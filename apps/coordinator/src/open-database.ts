import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import {
  readDatabaseState,
  refuseUnusable,
  type DatabaseState,
  type MigrateResult,
  type MigrationStep,
  type SqlDriver,
} from '@cloudless/db';
import type { CopyableDriver } from '@cloudless/db/copy';
import { createRqliteDriver, openRqlite, type RqliteDriver, type RqliteOptions } from '@cloudless/db/rqlite';
import { createSqliteDriver, openSqlite } from '@cloudless/db/sqlite';
import { secret, type Clock, type Entropy, type Logger } from '@cloudless/kernel';
import { CloudlessError } from '@cloudless/proto';
import type { CoordinatorConfig, StoreConfig } from './config.ts';
import { noCrash, type CrashPoint } from './crash-points.ts';
import { readClusterId, type DataPaths } from './data-folder.ts';

export type OpenDatabaseOptions = {
  readonly config: CoordinatorConfig;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly crashPoint?: CrashPoint;
};

/** The database that the configuration names. */
export type Database = {
  readonly driver: SqlDriver;
  /** The same driver, where it is an rqlite cluster. */
  readonly rqlite: RqliteDriver | undefined;
  readonly state: DatabaseState;
  /** For messages: a file or addresses. */
  readonly where: string;
};

async function readOrRefuse(variable: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new CloudlessError('config_invalid', `The file of ${variable} cannot be read: ${said}.`, { cause });
  }
}

/** @throws CloudlessError `config_invalid` when a file cannot be read */
export async function rqliteOptions(
  store: StoreConfig,
  ports: Pick<OpenDatabaseOptions, 'clock' | 'entropy' | 'logger'>,
): Promise<RqliteOptions> {
  const [password, ca, cert, key] = [
    await readOrRefuse('CLOUDLESS_STORE_PASSWORD_FILE', store.passwordPath),
    await readOrRefuse('CLOUDLESS_STORE_CA', store.caPath),
    await readOrRefuse('CLOUDLESS_STORE_CERT', store.certPath),
    await readOrRefuse('CLOUDLESS_STORE_KEY', store.keyPath),
  ];
  const known = password === undefined ? store.password : secret(password.trimEnd());
  return {
    ...ports,
    urls: store.urls,
    ...(store.username !== undefined && known ? { auth: { username: store.username, password: known } } : {}),
    tls: { ca, cert, key },
  };
}

/** The cluster that this data folder keeps in SQLite itself, if there is one. */
async function findOwn(path: string): Promise<DatabaseState> {
  if (!existsSync(path)) return { kind: 'empty' };
  const driver = await createSqliteDriver({ path, thread: 'inline' });
  try {
    const { rows } = await driver.query({ sql: "SELECT 1 FROM pragma_table_info('cluster') WHERE name = 'moved_to'" });
    if (rows.length > 0) return await readDatabaseState(driver);
    const found = await driver.query({ sql: "SELECT 1 FROM sqlite_schema WHERE name = 'cluster'" });
    if (found.rows.length === 0) return { kind: 'empty' };
    const [cluster] = (await driver.query({ sql: 'SELECT id, epoch FROM cluster' })).rows;
    return cluster ? { kind: 'cluster', clusterId: String(cluster[0]), epoch: Number(cluster[1]), movedTo: undefined } : { kind: 'empty' };
  } finally {
    await driver.stop();
  }
}

/** A data folder belongs to one cluster: its master key opens no other's secrets. */
async function refuseMixing(paths: DataPaths, state: DatabaseState, where: string): Promise<void> {
  const own = await findOwn(paths.database);
  if (own.kind === 'cluster' && own.movedTo === undefined) {
    throw new CloudlessError(
      'config_invalid',
      `CLOUDLESS_STORE_URL is set, and ${paths.database} holds cluster ${own.clusterId}. Move it with \`npm run move-to-rqlite\`, or leave CLOUDLESS_STORE_URL away.`,
    );
  }
  const known = own.kind === 'cluster' ? own.clusterId : await readClusterId(paths);
  // What is empty would become another cluster, which this folder's devices and old database are not of.
  if (known !== undefined && state.kind === 'empty') {
    throw new CloudlessError(
      'config_invalid',
      own.kind === 'cluster'
        ? `${where} is empty: the move of cluster ${known} there was interrupted. Run \`npm run move-to-rqlite\` again, or take it back with --undo.`
        : `The data folder belongs to cluster ${known}, and ${where} is empty. Correct CLOUDLESS_STORE_URL, restore a backup there, or use another data folder.`,
    );
  }
  if (known !== undefined && state.kind === 'cluster' && state.clusterId !== known) {
    throw new CloudlessError(
      'config_invalid',
      `The data folder belongs to cluster ${known}, and ${where} holds cluster ${state.clusterId}. Correct CLOUDLESS_STORE_URL, or use another data folder.`,
    );
  }
}

/** A folder whose cluster lies in rqlite must not found another one because an address was lost. A file without a cluster is no excuse. */
async function refuseForgotten(paths: DataPaths): Promise<void> {
  const known = await readClusterId(paths);
  if (known === undefined || (await findOwn(paths.database)).kind !== 'empty') return;
  throw new CloudlessError(
    'config_invalid',
    `The data folder belongs to cluster ${known}, which lies in rqlite, and CLOUDLESS_STORE_URL is not set. Set it as before, or use another data folder.`,
  );
}

/**
 * The database as it stands, for a command beside a coordinator: its schema is not touched.
 *
 * @throws CloudlessError `config_invalid` when there is none
 */
export async function openAsItIs({ config, ...ports }: OpenDatabaseOptions, paths: DataPaths): Promise<CopyableDriver> {
  const where = whereIs(config.store, paths);
  if (!config.store) await refuseForgotten(paths);
  if (!config.store && !existsSync(paths.database)) throw noCluster(where);
  const driver = config.store
    ? createRqliteDriver(await rqliteOptions(config.store, ports))
    : await createSqliteDriver({ path: paths.database, thread: 'inline' });
  try {
    const { rows } = await driver.query({ sql: "SELECT 1 FROM sqlite_schema WHERE name = 'cluster'" });
    if (rows.length === 0) throw noCluster(where);
    return driver;
  } catch (cause) {
    await driver.stop();
    throw cause;
  }
}

const noCluster = (where: string): CloudlessError =>
  new CloudlessError(
    'config_invalid',
    `There is no cluster in ${where}. Name its data folder with --data (CLOUDLESS_DATA), or the store with CLOUDLESS_STORE_URL.`,
  );

/**
 * Refuses what no coordinator of this data folder may run on.
 *
 * @throws CloudlessError `config_invalid` for another cluster's; `store_unavailable` for one that was left, or half a copy
 */
export async function refuseUnfit({ store }: CoordinatorConfig, paths: DataPaths, driver: SqlDriver): Promise<DatabaseState> {
  const where = whereIs(store, paths);
  const state = await readDatabaseState(driver);
  refuseUnusable(state, where);
  if (store) await refuseMixing(paths, state, where);
  return state;
}

const whereIs = (store: StoreConfig | undefined, paths: DataPaths): string => (store ? store.urls.join(', ') : paths.database);

/** Remembers whose data folder it is, so that a wrong address is noticed. */
export async function rememberCluster(paths: DataPaths, clusterId: string): Promise<void> {
  await writeFile(paths.clusterId, `${clusterId}\n`, { mode: 0o600 });
}

function logMigrated(logger: Logger, { applied, fromVersion, newer }: MigrateResult): void {
  if (applied.length > 0) logger.info({ op: 'database.migrated', outcome: 'ok', from: fromVersion, applied });
  if (newer.length > 0) logger.warn({ op: 'database.newer', outcome: 'ok', newer });
}

/**
 * Opens the database with this release's schema. What no coordinator may run on is refused: a database that its cluster left, half
 * a copy, or another cluster's.
 *
 * @throws CloudlessError `config_invalid`, `store_unavailable`
 */
export async function openDatabase(
  { config, clock, entropy, logger, crashPoint = noCrash }: OpenDatabaseOptions,
  paths: DataPaths,
): Promise<Database> {
  const onStep = (step: MigrationStep): void => crashPoint(`migration.${step}`);
  const { fsyncDelayMs } = config.faults;
  const faults = fsyncDelayMs > 0 ? { faults: { fsyncDelayMs: () => fsyncDelayMs } } : {};
  if (!config.store) await refuseForgotten(paths);
  const rqlite = config.store && (await openRqlite({ ...(await rqliteOptions(config.store, { clock, entropy, logger })), onStep }));
  const opened = rqlite ?? (await openSqlite({ path: paths.database, thread: 'worker', clock, onStep, ...faults }));
  try {
    logMigrated(logger, opened.migrated);
    const state = await refuseUnfit(config, paths, opened.driver);
    return { driver: opened.driver, rqlite: rqlite?.driver, state, where: whereIs(config.store, paths) };
  } catch (error) {
    await opened.driver.stop();
    throw error;
  }
}
