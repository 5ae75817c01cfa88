export { createRqliteDriver, type RqliteDriver, type RqliteOptions } from './create-rqlite-driver.ts';
export { type RqliteNode } from './read-nodes.ts';
export { openRqlite, type OpenRqliteOptions } from './open-rqlite.ts';
