import { nullLogger, type Clock, type Entropy, type Logger } from '@cloudless/kernel';
import { createManualClock, createSeededEntropy } from '@cloudless/kernel/testing';
import { openCluster, type Cluster } from '../open-cluster.ts';
import type { SqlDriver } from '../sql/driver.ts';
import { createStore, type StoreOptions } from '../store/create-store.ts';
import type { Store } from '../store/store.ts';
import { openSqliteDatabase, type OpenTestDatabase } from './test-databases.ts';

export type TestStore = {
  readonly store: Store;
  readonly driver: SqlDriver;
  readonly cluster: Cluster;
  /** The database read anew, as the next start would. */
  reopen(): Promise<Store>;
  [Symbol.asyncDispose](): Promise<void>;
};

export type TestStoreOptions = {
  readonly clock?: Clock;
  readonly entropy?: Entropy;
  readonly logger?: Logger;
  /** Default: SQLite in memory. */
  readonly openDatabase?: OpenTestDatabase;
  /** Puts something between the store and the database. */
  readonly wrap?: (driver: SqlDriver) => SqlDriver;
} & Pick<StoreOptions, 'queueLimit' | 'ringLimit' | 'retention'>;

/** A founded cluster's real store on a database in memory, deterministic for one clock and entropy: `await using t = await createTestStore()`. */
export async function createTestStore(options: TestStoreOptions = {}): Promise<TestStore> {
  const {
    clock = createManualClock(),
    entropy = createSeededEntropy(1),
    logger = nullLogger,
    openDatabase = openSqliteDatabase,
    wrap = (same: SqlDriver) => same,
    ...limits
  } = options;
  const { driver, close } = await openDatabase(clock);
  const cluster = await openCluster({ driver, clock, entropy });
  const open = (over: SqlDriver): Promise<Store> => createStore({ driver: over, clock, entropy, logger, token: cluster.token, ...limits });
  const store = await open(wrap(driver));
  return {
    store,
    driver,
    cluster,
    reopen: () => open(driver),
    async [Symbol.asyncDispose]() {
      await store.stop();
      await close();
    },
  };
}
