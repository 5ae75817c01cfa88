import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGuardedWriter, createStore, openCluster, type Cluster } from '@cloudless/db';
import { openRqlite, type RqliteDriver } from '@cloudless/db/rqlite';
import { openSqlite, type SqliteDriver } from '@cloudless/db/sqlite';
import { createRqliteDouble, type RqliteDouble, type RqliteDoubleOptions } from '@cloudless/db/testing';
import { createKeyWrap, readMasterKey } from '@cloudless/identity/ca';
import { nullLogger } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import type { BatchId, NodeId } from '@cloudless/proto';
import { buildNodeRow } from '@cloudless/proto/testing';
import { makeDataFolders, type DataPaths } from '../../data-folder.ts';
import { DEVICE_KEY_CONTEXT } from '../../enrolment/load-device-ca.ts';

export const ports = { clock: createRealClock(), entropy: createRealEntropy(), logger: nullLogger };

export type Folder = { readonly root: string; readonly paths: DataPaths; [Symbol.asyncDispose](): Promise<void> };

export async function createFolder(): Promise<Folder> {
  const root = await mkdtemp(join(tmpdir(), 'cloudless-backup-'));
  return { root, paths: await makeDataFolders(root), [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) };
}

export type OpenRqlite = {
  readonly double: RqliteDouble;
  readonly driver: RqliteDriver;
  readonly url: string;
  [Symbol.asyncDispose](): Promise<void>;
};

export async function createRqlite(options: Partial<RqliteDoubleOptions> = {}): Promise<OpenRqlite> {
  const double = await createRqliteDouble({ nodes: 3, ...options });
  const urls = double.nodes.map(({ url }) => url);
  const { driver } = await openRqlite({ urls, ...ports });
  return {
    double,
    driver,
    url: urls.join(','),
    async [Symbol.asyncDispose]() {
      await driver.stop();
      await double[Symbol.asyncDispose]();
    },
  };
}

export const openEmbedded = async ({ paths }: Folder): Promise<SqliteDriver> =>
  (await openSqlite({ path: paths.database, thread: 'inline', clock: ports.clock })).driver;

const NODES = 40;

/** A cluster with devices, people, secrets and everything that a column can hold, in the folder's SQLite. */
export async function foundCluster(folder: Folder): Promise<Cluster> {
  const driver = await openEmbedded(folder);
  const keyWrap = createKeyWrap(await readMasterKey(folder.paths.masterKey, ports.entropy), ports.entropy);
  const cluster = await openCluster({ driver, ...ports });
  const store = await createStore({ driver, ...ports, token: cluster.token });
  for (let index = 0; index < NODES; index += 1) {
    await store.commit({
      id: ports.entropy.id('batch') as BatchId,
      mutations: [
        {
          kind: 'put',
          table: 'node',
          row: buildNodeRow(`laptop-${index}`, { id: ports.entropy.id('node') as NodeId, orgId: cluster.orgId }),
          expect: 'absent',
        },
      ],
    });
  }
  await store.stop();
  const writer = createGuardedWriter({ driver, ...ports, token: cluster.token });
  const at = '2026-03-01T12:00:00.120Z';
  await writer.write([
    {
      sql: 'INSERT INTO "user" (id, name, email, "emailVerified", "createdAt", "updatedAt") VALUES (?, ?, ?, 1, ?, ?)',
      params: ['u', "x'00ff'", 'ada@example.org', at, at],
    },
    {
      sql: "INSERT INTO ca (id, kind, certificate, wrapped_private_key, created_at, not_after) VALUES ('ca', 'device', 'PEM', ?, 1, ?)",
      params: [keyWrap.wrap('the key', DEVICE_KEY_CONTEXT), 2n ** 60n],
    },
  ]);
  await driver.stop();
  return cluster;
}

/** What a coordinator would find: rows of each kind, and the value that a careless copy would change. */
export async function readCluster(driver: SqliteDriver | RqliteDriver): Promise<unknown> {
  const read = async (sql: string) => (await driver.query({ sql })).rows;
  return {
    nodes: await read('SELECT id, version, body FROM node ORDER BY rowid'),
    people: await read('SELECT * FROM "user"'),
    ca: await read('SELECT * FROM ca'),
    changes: await read('SELECT * FROM change ORDER BY seq'),
    batches: await read('SELECT id, state, at FROM batch ORDER BY seq'),
    cluster: await read('SELECT id, org_id, project_id, head_revision, created_at FROM cluster'),
  };
}
