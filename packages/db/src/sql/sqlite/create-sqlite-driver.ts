import { CloudlessError } from '@cloudless/proto';
import type { SqlDriver } from '../driver.ts';
import { createInlineDriver } from './inline-driver.ts';
import { createWorkerDriver } from './worker-driver.ts';

export interface SqliteDriver extends SqlDriver {
  /**
   * Writes a consistent copy of the database to `path`, which must not exist.
   * @throws CloudlessError `store_unavailable`
   */
  snapshot(path: string): Promise<void>;
}

export type SqliteOptions = {
  /** File, or `:memory:`. Its folder must exist. */
  readonly path: string;
  /** `worker`: one thread of its own, so that a slow disk never stops the event loop. `inline`: the calling thread, for the simulator and tests. */
  readonly thread: 'worker' | 'inline';
  /** How long a lock of another process is waited for. Default 5000. */
  readonly busyTimeoutMs?: number;
  /** How long a batch waits for its answer before its outcome is `unknown`. Default 30,000. Worker only: inline answers at once. */
  readonly deadlineMs?: number;
  /** Requests that may wait. Default 1024. Worker only. */
  readonly queueLimit?: number;
  /** Faults for tests: how long each commit's disk write takes, beyond the real one. */
  readonly faults?: { readonly fsyncDelayMs: () => number };
};

/**
 * The embedded database: WAL, a disk sync for every commit, foreign keys enforced.
 *
 * @throws CloudlessError `store_unavailable` when the file cannot be opened
 */
export async function createSqliteDriver(options: SqliteOptions): Promise<SqliteDriver> {
  const { path, busyTimeoutMs = 5000, deadlineMs = 30_000, queueLimit = 1024 } = options;
  const fsyncDelayMs = options.faults?.fsyncDelayMs ?? (() => 0);
  try {
    if (options.thread === 'inline') return createInlineDriver({ path, busyTimeoutMs, fsyncDelayMs });
    return await createWorkerDriver({ path, busyTimeoutMs, deadlineMs, queueLimit, fsyncDelayMs });
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new CloudlessError(
      'store_unavailable',
      `The database ${path} could not be opened: ${said}. Check that the folder exists, is writable and has space. A file that is malformed or not a database is damaged: restore it from a backup.`,
      { cause },
    );
  }
}
