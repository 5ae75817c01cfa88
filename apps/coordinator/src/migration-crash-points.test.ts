import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { listMigrations, type SqlDriver } from '@cloudless/db';
import { openRqlite } from '@cloudless/db/rqlite';
import { createSqliteDriver, openSqlite } from '@cloudless/db/sqlite';
import { createRqliteDouble } from '@cloudless/db/testing';
import { nullLogger } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { describe, expect, it } from 'vitest';
import { CRASH_POINTS, type CrashPointName } from './crash-points.ts';
import { makeDataFolders } from './data-folder.ts';

const PROGRAM = join(import.meta.dirname, 'main.ts');
const PATIENCE_MS = 60_000;
const POINTS = CRASH_POINTS.filter((name) => name.startsWith('migration.'));
const ports = { clock: createRealClock(), entropy: createRealEntropy(), logger: nullLogger };
const ALL = listMigrations();
const OLD = ALL.slice(0, 1);

async function createFolder() {
  const root = await mkdtemp(join(tmpdir(), 'cloudless-migration-'));
  const { database } = await makeDataFolders(root);
  return { root, database, [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) };
}

/** A coordinator as a process of its own, killed at the point. @returns the signal that ended it */
const startUntil = (point: CrashPointName, root: string, more: Readonly<Record<string, string>> = {}): Promise<string | undefined> =>
  promisify(execFile)(process.execPath, [PROGRAM], {
    env: {
      ...{ NODE_ENV: 'test', CLOUDLESS_DATA: root, CLOUDLESS_PORT: '0', CLOUDLESS_LOCAL_AGENT: '0' },
      ...{ CLOUDLESS_TEST_FAULTS: '1', CLOUDLESS_CRASH_AT: point, ...more },
    },
    timeout: PATIENCE_MS,
  }).then(
    () => undefined,
    ({ signal }: { signal?: string }) => signal,
  );

const INTEGRITY = { sql: 'SELECT * FROM pragma_integrity_check' };
/** How many may be done by then. */
const DONE: Readonly<Partial<Record<CrashPointName, readonly number[]>>> = {
  'migration.duringCommit': [0, 1],
  'migration.afterCommit': [1],
};
const PROJECT = { sql: "INSERT INTO project (id, org_id, name, created_at) VALUES ('prj_a', 'org_a', 'home', 1)" };

async function readSchema(driver: SqlDriver): Promise<readonly unknown[]> {
  const { rows } = await driver.query({
    sql: "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name",
  });
  return rows;
}

/** What the first so many migrations make of an empty database. */
async function schemaOf(count: number): Promise<readonly unknown[]> {
  const { driver } = await openSqlite({ path: ':memory:', thread: 'inline', clock: ports.clock, migrations: ALL.slice(0, count) });
  const schema = await readSchema(driver);
  await driver.stop();
  return schema;
}

const versions = async (driver: SqlDriver): Promise<readonly unknown[]> =>
  (await driver.query({ sql: 'SELECT version FROM migration ORDER BY version' })).rows.map(([version]) => version);
const projects = async (driver: SqlDriver): Promise<readonly unknown[]> => (await driver.query({ sql: 'SELECT id FROM project' })).rows;

describe('a coordinator that is killed while it migrates', () => {
  it.each(POINTS)(
    'at %s leaves each migration whole or not there, and the next start completes them',
    async (point) => {
      await using folder = await createFolder();
      const old = await openSqlite({ path: folder.database, thread: 'inline', clock: ports.clock, migrations: OLD });
      await old.driver.batch([PROJECT], { id: 'project' });
      await old.driver.stop();
      expect(await startUntil(point, folder.root)).toBe('SIGKILL');

      const found = await createSqliteDriver({ path: folder.database, thread: 'inline' });
      const done = await versions(found);
      expect(done).toEqual(ALL.slice(0, done.length).map(({ version }) => version));
      expect(DONE[point] ?? [0]).toContain(done.length - OLD.length);
      expect(await readSchema(found)).toEqual(await schemaOf(done.length));
      expect((await found.query(INTEGRITY)).rows).toEqual([['ok']]);
      await found.stop();
      const snapshots = join(folder.root, 'coordinator', 'snapshots');
      expect(existsSync(snapshots) ? readdirSync(snapshots).filter((name) => name.endsWith('-from-1.db')) : []).toHaveLength(1);

      const next = await openSqlite({ path: folder.database, thread: 'worker', clock: ports.clock });
      expect(next.migrated.applied).toHaveLength(ALL.length - done.length);
      expect(await readSchema(next.driver)).toEqual(await schemaOf(ALL.length));
      expect(await projects(next.driver)).toEqual([['prj_a']]);
      await next.driver.stop();
    },
    PATIENCE_MS,
  );

  it.each(POINTS)(
    'at %s on rqlite leaves what the next start completes',
    async (point) => {
      await using folder = await createFolder();
      await using double = await createRqliteDouble({ nodes: 3 });
      const urls = double.nodes.map(({ url }) => url);
      const old = await openRqlite({ urls, ...ports, migrations: OLD });
      await old.driver.batch([PROJECT], { id: 'project' });
      await old.driver.stop();
      expect(await startUntil(point, folder.root, { CLOUDLESS_STORE_URL: urls.join(',') })).toBe('SIGKILL');
      const { driver } = await openRqlite({ urls, ...ports });
      expect(await versions(driver)).toEqual(ALL.map(({ version }) => version));
      expect(await readSchema(driver)).toEqual(await schemaOf(ALL.length));
      expect(await projects(driver)).toEqual([['prj_a']]);
      await driver.stop();
    },
    PATIENCE_MS,
  );
});
