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
export { findCluster, foundCluster, openCluster, type Cluster, type OpenClusterOptions } from './open-cluster.ts';
export {
  readLead,
  releaseLead,
  renewLead,
  takeLead,
  type LeadClaim,
  type LeaderRow,
  type LeadOutcome,
  type LeadSeen,
} from './leader-row.ts';
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
export { createGroupedWriter } from './sql/grouped-writer.ts';
export { createGuardedWriter, guardThat, type GuardedOutcome, type GuardedWriter } from './sql/guarded-writer.ts';
export { listMigrations, migrate, type Migration, type MigrateResult, type MigrationStep } from './sql/migrations.ts';
export { readDatabaseState, refuseUnusable, type DatabaseState } from './whose-database.ts';
export { readTableSizes, TABLE_ALARMS, type TableSize } from './table-sizes.ts';
