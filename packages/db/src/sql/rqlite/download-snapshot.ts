import { closeSync, fsyncSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { failedQuery, unavailable } from '../failures.ts';
import type { HttpClient } from './http-client.ts';

export type DownloadOptions = {
  /** Nodes to ask, in order. One that does not lead passes it on to the leader. */
  readonly origins: readonly string[];
  readonly http: HttpClient;
  readonly path: string;
  readonly signal: AbortSignal;
};

const MAGIC = 'SQLite format 3\0';

/** Whether the file begins as an SQLite database does. Whether it is whole is seen by whoever opens it. */
function looksRight(file: number): boolean {
  const head = Buffer.alloc(MAGIC.length);
  return readSync(file, head, 0, head.length, 0) === head.length && head.toString('latin1') === MAGIC;
}

/**
 * The leader's database as an SQLite file (`/db/backup`, vacuumed, so that it is one moment's).
 *
 * @throws CloudlessError `store_unavailable`; the file is then gone again
 */
export async function downloadSnapshot({ origins, http, path, signal }: DownloadOptions): Promise<void> {
  let last = 'no node was asked';
  for (const origin of new Set(origins)) {
    const file = openSync(path, 'wx+', 0o600);
    const exchange = await http.download(
      origin,
      { method: 'GET', path: '/db/backup?vacuum' },
      (chunk) => void writeSync(file, chunk),
      signal,
    );
    const isWhole = exchange.kind === 'answered' && exchange.status === 200 && looksRight(file);
    if (isWhole) fsyncSync(file);
    closeSync(file);
    if (isWhole) return;
    rmSync(path);
    last =
      exchange.kind === 'answered'
        ? `${origin} answered ${exchange.status} ${exchange.body.slice(0, 200)}`
        : `${origin}: ${exchange.reason}`;
  }
  throw failedQuery(unavailable(`no copy came: ${last}`));
}
