import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { nullLogger } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { createManualClock, createSeededEntropy } from '@cloudless/kernel/testing';
import type { EventId, NodeId, OrgId, WorkloadId } from '@cloudless/proto';
import { describe, expect, it } from 'vitest';
import { openCluster } from '../open-cluster.ts';
import { readEvents } from '../store/events.ts';
import { loadControl } from '../store/load-control.ts';
import type { SqlDriver } from './driver.ts';
import { findMigrationFaults } from './lint-migration.ts';
import { listMigrations, migrate, toMigration, type Migration } from './migrations.ts';
import { openRqlite } from './rqlite/open-rqlite.ts';
import { createSqliteDriver } from './sqlite/create-sqlite-driver.ts';
import { openSqlite } from './sqlite/open-sqlite.ts';
import { createRqliteDouble, type Fault, type SeenRequest } from '../testing/rqlite-double/create-rqlite-double.ts';

const clock = createManualClock();
const migration = toMigration;
const FIRST = migration(1, 'first', 'CREATE TABLE one (id TEXT NOT NULL PRIMARY KEY) STRICT;');
const SECOND = migration(2, 'second', "CREATE TABLE two (id TEXT NOT NULL) STRICT; INSERT INTO one (id) VALUES ('a');");
const BROKEN = migration(2, 'broken', "INSERT INTO one (id) VALUES ('half'); INSERT INTO nowhere VALUES (1);");

/** A folder with a database file in it. */
function createFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'cloudless-migrations-'));
  const path = join(folder, 'cloudless.db');
  return {
    path,
    snapshots: () => (existsSync(join(folder, 'snapshots')) ? readdirSync(join(folder, 'snapshots')).toSorted() : []),
    snapshotPath: (name: string) => join(folder, 'snapshots', name),
    open: (migrations?: readonly Migration[]) => openSqlite({ path, thread: 'inline', clock, ...(migrations ? { migrations } : {}) }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

/** The database as a program has it that is killed once it had so many answers to what it wrote. */
function killedAfter(driver: SqlDriver, requests: number): SqlDriver {
  let left = requests;
  return {
    ...driver,
    async batch(statements, options) {
      left -= 1;
      if (left < 0) throw new Error('killed');
      return await driver.batch(statements, options);
    },
  };
}

/** But for the table of migrations itself. */
async function schemaOf(driver: SqlDriver): Promise<readonly unknown[]> {
  const sql = "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' AND name <> 'migration' ORDER BY type, name";
  return (await driver.query({ sql })).rows;
}

async function schemaAfter(migrations: readonly Migration[]): Promise<readonly unknown[]> {
  const { driver } = await openSqlite({ path: ':memory:', thread: 'inline', clock, migrations });
  const schema = await schemaOf(driver);
  await driver.stop();
  return schema;
}

async function versionsOf(driver: SqlDriver): Promise<number> {
  const { rows } = await driver.query({ sql: "SELECT 1 FROM sqlite_schema WHERE name = 'migration'" });
  return rows.length === 0 ? 0 : (await driver.query({ sql: 'SELECT version FROM migration' })).rows.length;
}

describe('migrations', () => {
  it('bring an empty database to this release, once', async () => {
    using folder = createFolder();
    const first = await folder.open();
    expect(first.migrated.applied).toEqual(listMigrations().map(({ version, name }) => `${String(version).padStart(4, '0')}_${name}`));
    await first.driver.stop();
    const again = await folder.open();
    expect(again.migrated).toEqual({ fromVersion: listMigrations().at(-1)?.version, applied: [], newer: [] });
    await again.driver.stop();
  });

  it('are numbered without a gap', () => {
    expect(listMigrations().map(({ version }) => version)).toEqual(listMigrations().map((_, index) => index + 1));
  });

  it('copy a database that holds something before they change it, and only then', async () => {
    using folder = createFolder();
    await (await folder.open([FIRST])).driver.stop();
    await (await folder.open([FIRST])).driver.stop();
    expect(folder.snapshots()).toEqual([]);
    await (await folder.open([FIRST, SECOND])).driver.stop();
    const [copy = ''] = folder.snapshots();
    expect(copy).toMatch(/^before-migration-\d+-from-1\.db$/);
    const database = new DatabaseSync(folder.snapshotPath(copy), { readOnly: true });
    expect(database.prepare('SELECT max(version) AS version FROM migration').get()).toEqual({ version: 1 });
    database.close();
  });

  it('keep the newest five copies', async () => {
    using folder = createFolder();
    const all = [
      FIRST,
      ...Array.from({ length: 7 }, (_, index) => migration(index + 2, `more_${index}`, `CREATE TABLE more_${index} (id TEXT) STRICT`)),
    ];
    for (let count = 1; count <= all.length; count += 1) {
      await clock.advance(1000);
      await (await folder.open(all.slice(0, count))).driver.stop();
    }
    expect(folder.snapshots().map((name) => /from-(\d)/.exec(name)?.[1])).toEqual(['3', '4', '5', '6', '7']);
  });

  it('that fail leave the database as it was, and are tried again by the next release', async () => {
    using folder = createFolder();
    await (await folder.open([FIRST])).driver.stop();
    await expect(folder.open([FIRST, BROKEN])).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('broken') as string,
    });
    const { driver, migrated } = await folder.open([FIRST, SECOND]);
    expect(migrated).toEqual({ fromVersion: 1, applied: ['0002_second'], newer: [] });
    expect((await driver.query({ sql: 'SELECT id FROM one' })).rows).toEqual([['a']]);
    await driver.stop();
  });

  it('leave a database that asks for a newer release, and one with another history, alone', async () => {
    using folder = createFolder();
    const contracts = migration(3, 'contracts', '-- min_reader: 2\nCREATE TABLE three (id TEXT NOT NULL) STRICT');
    await (await folder.open([FIRST, SECOND, contracts])).driver.stop();
    await expect(folder.open([FIRST])).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('knows schema 2; this one knows up to 1. Start a newer release') as string,
    });
    const changed = migration(2, 'second', `${SECOND.script} -- changed`);
    await expect(folder.open([FIRST, changed])).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('differs') as string,
    });
    expect(folder.snapshots()).toHaveLength(0);
  });

  it('leave an older release running that knows enough, and say what is newer', async () => {
    using folder = createFolder();
    const contracts = migration(3, 'contracts', '-- min_reader: 2\nCREATE TABLE three (id TEXT NOT NULL) STRICT');
    await (await folder.open([FIRST, SECOND, contracts])).driver.stop();
    const { driver, migrated } = await folder.open([FIRST, SECOND]);
    expect(migrated).toEqual({ fromVersion: 3, applied: [], newer: ['0003_contracts'] });
    await driver.stop();
  });

  it('take over a table of migrations that knew no readers', async () => {
    using folder = createFolder();
    const { driver: old } = await openSqlite({ path: folder.path, thread: 'inline', clock, migrations: [] });
    await old.batch(
      [
        {
          sql: 'CREATE TABLE migration (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, at INTEGER NOT NULL) STRICT',
        },
        { sql: 'INSERT INTO migration (version, name, checksum, at) VALUES (1, ?, ?, 1)', params: [FIRST.name, FIRST.checksum] },
        { sql: FIRST.script.replace(';', '') },
      ],
      { id: 'old' },
    );
    await old.stop();
    const { driver, migrated } = await folder.open([FIRST, SECOND]);
    expect(migrated.applied).toEqual(['0002_second']);
    await driver.stop();
  });

  it('are whole or not there after each request, wherever the program is killed, and the next start completes them', async () => {
    const all = listMigrations();
    const whole = await Promise.all(all.map((_, index) => schemaAfter(all.slice(0, index + 1))));
    for (let requests = 0, isKilled = true; isKilled; requests += 1) {
      const database = await createSqliteDriver({ path: ':memory:', thread: 'inline' });
      const killed = migrate({ driver: killedAfter(database, requests), clock });
      isKilled = await killed.then(
        () => false,
        () => true,
      );
      const done = await versionsOf(database);
      expect(await schemaOf(database)).toEqual(done === 0 ? [] : whole[done - 1]);
      await migrate({ driver: database, clock });
      expect(await schemaOf(database)).toEqual(whole.at(-1));
      expect(requests).toBeLessThan(3 * all.length);
      await database.stop();
    }
  });

  it('run once when two coordinators start at once, and both start', async () => {
    using folder = createFolder();
    const opened = await Promise.all([
      openSqlite({ path: folder.path, thread: 'worker', clock, migrations: [FIRST, SECOND] }),
      openSqlite({ path: folder.path, thread: 'worker', clock, migrations: [FIRST, SECOND] }),
    ]);
    for (const { driver } of opened) {
      expect((await driver.query({ sql: 'SELECT id FROM one' })).rows).toEqual([['a']]);
      await driver.stop();
    }
  });

  it('run once when five coordinators start at once on rqlite, whose answers get lost', async () => {
    let writes = 0;
    const fault = ({ path }: SeenRequest): Fault | undefined => {
      writes += path === '/db/execute' ? 1 : 0;
      return path === '/db/execute' && writes % 3 === 1 ? { kind: 'loseAnswer', isDone: writes % 2 === 0 } : undefined;
    };
    await using double = await createRqliteDouble({ nodes: 3, fault });
    const options = {
      urls: double.nodes.map(({ url }) => url),
      clock: createRealClock(),
      entropy: createRealEntropy(),
      logger: nullLogger,
    };
    const opened = await Promise.all(Array.from({ length: 5 }, () => openRqlite({ ...options, migrations: [FIRST, SECOND] })));
    for (const { driver } of opened) {
      expect((await driver.query({ sql: 'SELECT id FROM one' })).rows).toEqual([['a']]);
      await driver.stop();
    }
  });
});

/** Tables whose rows are nobody's in particular. */
const NOBODYS: Readonly<Record<string, string>> = {
  cluster: 'names the first organisation itself',
  guard: 'always empty',
  leader: 'of the cluster',
  batch: 'ids of requests',
  change: 'pointers to rows that name theirs',
  migration: 'of the database',
  incoming: 'one row while a cluster is copied here',
  ca: 'of the cluster',
  claim: 'of the cluster, before it has an owner',
  recovery_code: 'of a person, who may belong to several organisations',
  user: 'a person',
  session: "a person's",
  account: "a person's",
  verification: "a person's",
  passkey: "a person's",
  apikey: 'referenceId names the person',
  organization: 'the organisation itself',
};
/** Tenants' tables that name their organisation in their own word, or are no project's. */
const ORGANISATION = /^(org_id|organizationId)$/;
const OF_A_PROJECT = ['workload', 'allocation', 'event'];

describe('the schema', () => {
  it('names the organisation in every row of a tenant, and the project where one is meant', async () => {
    const { driver } = await openSqlite({ path: ':memory:', thread: 'inline', clock });
    const { rows } = await driver.query({
      sql: "SELECT t.name, group_concat(c.name) FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' GROUP BY t.name",
    });
    const columns = new Map(rows.map(([table, names]) => [String(table), String(names).split(',')]));
    expect(columns.size).toBeGreaterThan(20);
    const without = [...columns].filter(([table, names]) => NOBODYS[table] === undefined && !names.some((name) => ORGANISATION.test(name)));
    expect(without.map(([table]) => table)).toEqual([]);
    for (const table of OF_A_PROJECT) expect(columns.get(table)).toContain('project_id');
    await driver.stop();
  });

  it('has no index on what each placement writes that no read looks anything up by', async () => {
    const { driver } = await openSqlite({ path: ':memory:', thread: 'inline', clock });
    const used = new Set<string>();
    const explaining: SqlDriver = {
      ...driver,
      async query(statement) {
        const plan = await driver.query({ ...statement, sql: `EXPLAIN QUERY PLAN ${statement.sql}` });
        for (const row of plan.rows) for (const [, index] of String(row).matchAll(/ INDEX (\w+)/g)) used.add(String(index));
        return driver.query(statement);
      },
    };
    await openCluster({ driver, clock, entropy: createSeededEntropy(1) });
    await loadControl(explaining);
    const feed = { orgId: 'org_1' as OrgId, limit: 50 };
    await readEvents(explaining, { ...feed, before: { revision: 1, id: 'ev_1' as EventId } });
    await readEvents(explaining, { ...feed, workloadId: 'wl_1' as WorkloadId });
    await readEvents(explaining, { ...feed, nodeId: 'node_1' as NodeId });
    // One that is unique forbids something, whether it is read or not.
    const { rows } = await driver.query({
      sql: `SELECT i.name FROM sqlite_schema t JOIN pragma_index_list(t.name) i WHERE t.name IN ('node', 'workload', 'allocation', 'change', 'event') AND NOT i."unique"`,
    });
    expect(rows.flat().filter((index) => !used.has(String(index)))).toEqual([]);
    await driver.stop();
  });
});

describe('the lint of migrations', () => {
  it('finds nothing in this release', () => expect(listMigrations().flatMap(findMigrationFaults)).toEqual([]));

  it.each([
    ['CREATE TABLE t (at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)', 'diverge'],
    ["INSERT INTO t (at) VALUES (datetime('now'))", 'diverge'],
    ['CREATE TABLE t (id BLOB DEFAULT (randomblob(16)))', 'diverge'],
    ['UPDATE t SET n = changes()', 'connection'],
    ['CREATE TABLE t (n INTEGER DEFAULT (1 + 1))', 'computed'],
    ['CREATE TABLE t (born DATE)', 'affinity'],
    ['ALTER TABLE t ADD COLUMN price DECIMAL(10, 2)', 'affinity'],
    ['CREATE TABLE t (u TEXT REFERENCES "user" ("id"))', 'foreign keys'],
    ['CREATE TEMP TABLE t (id TEXT)', 'not replicated'],
    ['CREATE TABLE IF NOT EXISTS t (id TEXT)', 'runs once'],
    ['BEGIN; DELETE FROM t; COMMIT', 'one batch'],
    ['PRAGMA foreign_keys = OFF', 'driver'],
    ['-- nothing\n', 'no statement'],
  ])('finds what is planted: %s', (script, why) => {
    const faults = findMigrationFaults({ name: '9999_planted', script });
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.join('\n')).toContain(why);
  });

  it.each([
    'CREATE TABLE t (kind TEXT NOT NULL DEFAULT \'plain\', "createdAt" DATETIME NOT NULL) STRICT',
    "-- CURRENT_TIMESTAMP would be wrong here\nUPDATE t SET note = 'random() date( references'",
    'CREATE TABLE "date" ("updated" TEXT)',
  ])('leaves alone what only looks like it: %s', (script) => expect(findMigrationFaults({ name: '9999_fine', script })).toEqual([]));
});
