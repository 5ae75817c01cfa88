export { createTestStore, type TestStore, type TestStoreOptions } from './create-test-store.ts';
export type { OpenTestDatabase } from './test-databases.ts';
export { A_REAL_RQLITED, rqlited } from './rqlited/env.ts';
export { startRqlited } from './rqlited/start-rqlited.ts';
export { createRqliteDouble, type RqliteDouble, type RqliteDoubleOptions } from './rqlite-double/create-rqlite-double.ts';
export { type Fault, type SeenRequest } from './rqlite-double/serve-double.ts';
