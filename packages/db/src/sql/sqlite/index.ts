export { createSqliteDriver, type SqliteDriver, type SqliteOptions } from './create-sqlite-driver.ts';
export { openSqlite, type OpenSqliteOptions } from './open-sqlite.ts';
