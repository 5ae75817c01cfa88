import { createStore, type Cluster, type SqlDriver, type Store } from '@cloudless/db';
import { createKeyWrap, readMasterKey, type KeyWrap } from '@cloudless/identity/ca';
import type { Clock, Entropy, Lifecycle, Logger } from '@cloudless/kernel';
import type { CoordinatorConfig } from './config.ts';
import type { CoordinatorOptions } from './coordinator.ts';
import { noCrash, withCrashPoints, type CrashPoint } from './crash-points.ts';
import { makeDataFolders, type DataPaths } from './data-folder.ts';
import { createHostPolicy, type HostPolicy } from './gateway/host-policy.ts';
import type { Lead } from './lead.ts';
import { openDatabase, type Database } from './open-database.ts';
import { createTelemetry, type Telemetry } from './telemetry/telemetry.ts';

/** What a coordinator stands on in any role. */
export type Base = {
  readonly config: CoordinatorConfig;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly version: string;
  readonly lifecycle: Lifecycle;
  readonly paths: DataPaths;
  readonly database: Database;
  readonly keyWrap: KeyWrap;
  readonly telemetry: Telemetry;
  readonly hosts: HostPolicy;
  readonly machine: CoordinatorOptions['machine'];
  readonly crashPoint: CrashPoint;
};

/** Database, keys and store of a leader: what every part of it stands on. */
export type Ground = Base & {
  readonly startedAt: number;
  /** Takes changes only while this coordinator leads. */
  readonly driver: SqlDriver;
  readonly cluster: Cluster;
  readonly store: Store;
  readonly lead: Lead;
};

/**
 * Opens the data folder and the database.
 *
 * @throws CloudlessError `config_invalid`, `store_unavailable`
 */
export async function layBase(options: CoordinatorOptions, lifecycle: Lifecycle): Promise<Base> {
  const { config, clock, entropy, logger, version, machine, crashPoint = noCrash } = options;
  const paths = await makeDataFolders(config.dataFolder);
  const database = await openDatabase(options, paths);
  lifecycle.add('database', database.driver);
  const keyWrap = createKeyWrap(await readMasterKey(paths.masterKey, entropy), entropy);
  const hosts = createHostPolicy({
    host: config.host,
    publicUrls: [config.publicUrl, config.agentUrl, config.coordinatorUrl].filter((url) => url !== undefined),
    machine,
  });
  return {
    config,
    clock,
    entropy,
    logger,
    version,
    lifecycle,
    paths,
    database,
    keyWrap,
    telemetry: createTelemetry(),
    hosts,
    machine,
    crashPoint,
  };
}

/**
 * Loads what the cluster holds, for a coordinator that leads it.
 *
 * @param driver takes changes only while it leads
 * @throws CloudlessError `store_unavailable`
 */
export async function layGround(
  base: Base,
  at: { readonly driver: SqlDriver; readonly cluster: Cluster; readonly lead: Lead },
): Promise<Ground> {
  const { clock, entropy, logger, lifecycle, telemetry, crashPoint } = base;
  const opened = lifecycle.add('store', await createStore({ driver: at.driver, clock, entropy, logger, token: at.cluster.token }));
  return { ...base, ...at, startedAt: clock.now(), store: telemetry.timed(withCrashPoints(opened, crashPoint)) };
}
