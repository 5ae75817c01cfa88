export { createTestStore, type TestStore, type TestStoreOptions } from './create-test-store.ts';
export { createRqliteDouble, type RqliteDouble, type RqliteDoubleOptions } from './rqlite-double/create-rqlite-double.ts';
