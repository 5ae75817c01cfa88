import { failedQuery, unavailable } from '../failures.ts';
import type { SqliteDriver } from './create-sqlite-driver.ts';
import { openSqliteConnection, type ConnectionOptions } from './connection.ts';
import { blockThread } from './block-thread.ts';

/** Serves each request at once, in the thread that calls: deterministic, for the simulator and tests. It blocks while it works. */
export function createInlineDriver(options: ConnectionOptions & { readonly fsyncDelayMs: () => number }): SqliteDriver {
  const connection = openSqliteConnection(options);
  let isStopped = false;
  const closed = unavailable('the database is closed');

  return {
    async query(statement, { signal } = {}) {
      signal?.throwIfAborted();
      if (isStopped) throw failedQuery(closed);
      const outcome = connection.query(statement);
      if (outcome.kind === 'failed') throw failedQuery(outcome.failure);
      return outcome.rows;
    },
    batch(statements) {
      if (isStopped) return Promise.resolve({ kind: 'failed', failure: closed, statement: -1 });
      return Promise.resolve(connection.batch(statements, () => blockThread(options.fsyncDelayMs())));
    },
    async snapshot(path) {
      if (isStopped) throw failedQuery(closed);
      const outcome = connection.snapshot(path);
      if (outcome.kind === 'failed') throw failedQuery(outcome.failure);
    },
    stop() {
      isStopped = true;
      connection.close();
      return Promise.resolve();
    },
  };
}
