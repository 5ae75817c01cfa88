import { createStore, openCluster, type Cluster, type SqlDriver, type Store } from '@cloudless/db';
import type { RqliteDriver } from '@cloudless/db/rqlite';
import { createKeyWrap, readMasterKey, type KeyWrap } from '@cloudless/identity/ca';
import type { Clock, Entropy, Lifecycle, Logger } from '@cloudless/kernel';
import type { CoordinatorConfig } from './config.ts';
import type { CoordinatorOptions } from './coordinator.ts';
import { noCrash, withCrashPoints, type CrashPoint } from './crash-points.ts';
import { makeDataFolders, type DataPaths } from './data-folder.ts';
import { createHostPolicy, type HostPolicy } from './gateway/host-policy.ts';
import { openDatabase, rememberCluster } from './open-database.ts';
import { createTelemetry, type Telemetry } from './telemetry/telemetry.ts';

/** Database, keys and store: what every part of the coordinator stands on. */
export type Ground = {
  readonly config: CoordinatorConfig;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly version: string;
  readonly startedAt: number;
  readonly lifecycle: Lifecycle;
  readonly paths: DataPaths;
  readonly driver: SqlDriver;
  /** The same driver, where the database is an rqlite cluster. */
  readonly rqlite: RqliteDriver | undefined;
  readonly keyWrap: KeyWrap;
  readonly cluster: Cluster;
  readonly store: Store;
  readonly telemetry: Telemetry;
  readonly hosts: HostPolicy;
  readonly machine: CoordinatorOptions['machine'];
  readonly crashPoint: CrashPoint;
};

/**
 * Opens the data folder, and takes over the cluster that is in it or founds one.
 *
 * @throws CloudlessError `config_invalid`, `store_unavailable`
 */
export async function layGround(options: CoordinatorOptions, lifecycle: Lifecycle): Promise<Ground> {
  const { config, clock, entropy, logger, version, machine, crashPoint } = options;
  const paths = await makeDataFolders(config.dataFolder);
  const { driver, rqlite } = await openDatabase(options, paths);
  lifecycle.add('database', driver);
  const keyWrap = createKeyWrap(await readMasterKey(paths.masterKey, entropy), entropy);
  const cluster = await openCluster({ driver, clock, entropy });
  if (rqlite) await rememberCluster(paths, cluster.clusterId);
  const telemetry = createTelemetry();
  const opened = lifecycle.add('store', await createStore({ driver, clock, entropy, logger, token: cluster.token }));
  return {
    config,
    clock,
    entropy,
    logger,
    version,
    startedAt: clock.now(),
    lifecycle,
    paths,
    driver,
    rqlite,
    keyWrap,
    cluster,
    store: telemetry.timed(crashPoint ? withCrashPoints(opened, crashPoint) : opened),
    telemetry,
    hosts: createHostPolicy({
      host: config.host,
      publicUrls: [config.publicUrl, config.agentUrl].filter((url) => url !== undefined),
      machine,
    }),
    machine,
    crashPoint: crashPoint ?? noCrash,
  };
}
