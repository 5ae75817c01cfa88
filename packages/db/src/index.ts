export { createStore, type StoreOptions } from './store/create-store.ts';
export type {
  Change,
  CommitOutcome,
  CommittedBatch,
  ControlRows,
  ControlTable,
  EventQuery,
  Mutation,
  Store,
  Versioned,
  WriteBatch,
} from './store/store.ts';
export { findCluster, openCluster, type Cluster, type OpenClusterOptions } from './open-cluster.ts';
export {
  toRecords,
  type BatchOutcome,
  type SqlDriver,
  type SqlFailure,
  type SqlRows,
  type SqlValue,
  type Statement,
  type StatementResult,
} from './sql/driver.ts';
export { createGuardedWriter, guardThat, type GuardedOutcome, type GuardedWriter } from './sql/guarded-writer.ts';
export { listMigrations, migrate, type Migration, type MigrateResult } from './sql/migrations.ts';
