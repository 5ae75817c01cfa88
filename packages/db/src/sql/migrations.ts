import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Clock } from '@cloudless/kernel';
import { CloudlessError } from '@cloudless/proto';
import { toRecords, type SqlDriver, type Statement } from './driver.ts';
import { splitStatements } from './statements.ts';

export type Migration = {
  readonly version: number;
  readonly name: string;
  readonly script: string;
  readonly checksum: string;
  /**
   * The oldest schema version that a release must know to run on a database that has this migration; 0 when any may: it only
   * added. Said in the script's first line, `-- min_reader: 7`.
   */
  readonly minReader: number;
};

const FOLDER = new URL('./migrations/', import.meta.url);
const FILE = /^(\d{4})_([a-z0-9_]+)\.sql$/;

/** A migration by its script. */
export const toMigration = (version: number, name: string, script: string): Migration => ({
  version,
  name,
  script,
  checksum: createHash('sha256').update(script).digest('hex'),
  minReader: Number(/^-- min_reader: (\d+)$/m.exec(script)?.[1] ?? 0),
});

/** Every migration of this release, in order. */
export function listMigrations(): readonly Migration[] {
  return readdirSync(FOLDER)
    .toSorted()
    .flatMap((file) => {
      const [, version, name] = FILE.exec(file) ?? [];
      if (version === undefined || name === undefined) return [];
      return [toMigration(Number(version), name, readFileSync(new URL(file, FOLDER), 'utf8'))];
    });
}

/** Where a migration stands, for tests that end the process there. `duringCommit`: it was sent, and nothing was heard of it. */
export type MigrationStep = 'afterSnapshot' | 'beforeCommit' | 'duringCommit' | 'afterCommit';

export type MigrateOptions = {
  readonly driver: SqlDriver;
  readonly clock: Pick<Clock, 'now'>;
  readonly migrations?: readonly Migration[];
  /** Called before the first change of a database that holds something, with the version it has. */
  readonly snapshot?: (fromVersion: number) => Promise<void>;
  readonly onStep?: ((step: MigrationStep) => void) | undefined;
};

/** What ran; empty when the database was up to date. `newer` names what a later release did to it, which this one can live with. */
export type MigrateResult = { readonly fromVersion: number; readonly applied: readonly string[]; readonly newer: readonly string[] };

type Applied = { readonly version: number; readonly name: string; readonly checksum: string; readonly minReader: number };

const MIGRATION_TABLE = `CREATE TABLE IF NOT EXISTS migration (
  version INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  checksum TEXT NOT NULL,
  at INTEGER NOT NULL,
  min_reader INTEGER NOT NULL DEFAULT 0
) STRICT`;

const nameOf = ({ version, name }: Pick<Migration, 'version' | 'name'>): string => `${String(version).padStart(4, '0')}_${name}`;

async function readApplied(driver: SqlDriver): Promise<readonly Applied[]> {
  const { rows: columns } = await driver.query({ sql: "SELECT name FROM pragma_table_info('migration')" });
  if (columns.length === 0) return [];
  // The first releases kept no `min_reader`.
  const minReader = columns.some(([name]) => name === 'min_reader') ? 'min_reader' : '0 AS min_reader';
  const rows = await driver.query({ sql: `SELECT version, name, checksum, ${minReader} FROM migration ORDER BY version` });
  return toRecords(rows).map((row) => ({
    version: Number(row['version']),
    name: String(row['name']),
    checksum: String(row['checksum']),
    minReader: Number(row['min_reader']),
  }));
}

/** A database that asks for a newer release, or one whose history differs, is left alone. */
function refuseForeignHistory(applied: readonly Applied[], known: readonly Migration[]): void {
  const newestKnown = known.at(-1)?.version ?? 0;
  for (const { version, name, checksum, minReader } of applied) {
    const migration = known.find((candidate) => candidate.version === version);
    if (!migration && minReader > newestKnown) {
      throw new CloudlessError(
        'store_unavailable',
        `The database has schema ${version} (${name}), which asks for a release that knows schema ${minReader}; this one knows up to ${newestKnown}. Start a newer release, or restore a backup.`,
      );
    }
    if (migration && migration.checksum !== checksum) {
      throw new CloudlessError(
        'store_unavailable',
        `Migration ${version} (${migration.name}) differs from the one that made this database. Use the release that made it, or restore a backup.`,
      );
    }
  }
}

function toStatements({ version, name, checksum, script, minReader }: Migration, atMs: number): Statement[] {
  return [
    // First, so that two that start at once do not both run the script.
    {
      sql: 'INSERT INTO migration (version, name, checksum, at, min_reader) VALUES (?, ?, ?, ?, ?)',
      params: [version, name, checksum, atMs, minReader],
    },
    ...splitStatements(script).map((sql) => ({ sql })),
  ];
}

/** Tries of one migration whose answer was lost: its row is the key, so that it never happens twice. */
const TRIES = 3;
const DEADLINE_MS = 600_000;

async function hasApplied(driver: SqlDriver, { version }: Migration): Promise<boolean> {
  return (await readApplied(driver)).some((done) => done.version === version);
}

/** Another start may be faster, and an answer may be lost: what counts is whether it is there in the end. */
async function apply({ driver, clock, onStep }: MigrateOptions, migration: Migration): Promise<void> {
  let said = '';
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    onStep?.('beforeCommit');
    const sent = driver.batch(toStatements(migration, clock.now()), { id: `migration-${migration.version}`, deadlineMs: DEADLINE_MS });
    onStep?.('duringCommit');
    const outcome = await sent;
    onStep?.('afterCommit');
    if (outcome.kind === 'committed' || (await hasApplied(driver, migration))) return;
    said = outcome.kind === 'failed' ? outcome.failure.message : outcome.reason;
    if (outcome.kind === 'failed') break;
  }
  throw new CloudlessError(
    'store_unavailable',
    `Migration ${migration.version} (${migration.name}) failed: ${said}. The database is as it was before it.`,
  );
}

/** The table of migrations, with the columns that this release writes. Safe to do twice, and beside others. */
async function prepareTable(driver: SqlDriver): Promise<void> {
  await driver.batch([{ sql: MIGRATION_TABLE }], { id: 'migration-table' });
  const { rows } = await driver.query({ sql: "SELECT 1 FROM pragma_table_info('migration') WHERE name = 'min_reader'" });
  if (rows.length > 0) return;
  await driver.batch([{ sql: 'ALTER TABLE migration ADD COLUMN min_reader INTEGER NOT NULL DEFAULT 0' }], { id: 'migration-column' });
}

/**
 * Brings the schema to this release's, each migration as one atomic request. Several may do so at once on one database.
 *
 * @throws CloudlessError `store_unavailable` for a schema that asks for a newer release or is foreign, or a migration that fails:
 * nothing of it happened
 */
export async function migrate(options: MigrateOptions): Promise<MigrateResult> {
  const { driver, migrations = listMigrations(), snapshot, onStep } = options;
  const applied = await readApplied(driver);
  refuseForeignHistory(applied, migrations);
  const fromVersion = applied.at(-1)?.version ?? 0;
  const newer = applied.filter(({ version }) => !migrations.some((known) => known.version === version)).map(nameOf);
  const due = migrations.filter(({ version }) => !applied.some((done) => done.version === version));
  if (due.length === 0) return { fromVersion, applied: [], newer };
  if (fromVersion > 0) await snapshot?.(fromVersion);
  onStep?.('afterSnapshot');
  await prepareTable(driver);
  for (const migration of due) await apply(options, migration);
  return { fromVersion, applied: due.map(nameOf), newer };
}
