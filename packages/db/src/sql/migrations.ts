import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Clock } from '@cloudless/kernel';
import { CloudlessError } from '@cloudless/proto';
import { toRecords, type SqlDriver, type Statement } from './driver.ts';
import { splitStatements } from './statements.ts';

export type Migration = { readonly version: number; readonly name: string; readonly script: string; readonly checksum: string };

const FOLDER = new URL('./migrations/', import.meta.url);
const FILE = /^(\d{4})_([a-z0-9_]+)\.sql$/;

/** Every migration of this release, in order. */
export function listMigrations(): readonly Migration[] {
  return readdirSync(FOLDER)
    .toSorted()
    .flatMap((file) => {
      const [, version, name] = FILE.exec(file) ?? [];
      if (version === undefined || name === undefined) return [];
      const script = readFileSync(new URL(file, FOLDER), 'utf8');
      return [{ version: Number(version), name, script, checksum: createHash('sha256').update(script).digest('hex') }];
    });
}

export type MigrateOptions = {
  readonly driver: SqlDriver;
  readonly clock: Pick<Clock, 'now'>;
  readonly migrations?: readonly Migration[];
  /** Called before the first change of a database that holds something, with the version it has. */
  readonly snapshot?: (fromVersion: number) => Promise<void>;
};

/** What ran; empty when the database was up to date. */
export type MigrateResult = { readonly fromVersion: number; readonly applied: readonly string[] };

type Applied = { readonly version: number; readonly name: string; readonly checksum: string };

async function readApplied(driver: SqlDriver): Promise<readonly Applied[]> {
  const table = await driver.query({ sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'migration'" });
  if (table.rows.length === 0) return [];
  const rows = await driver.query({ sql: 'SELECT version, name, checksum FROM migration ORDER BY version' });
  return toRecords(rows).map(({ version, name, checksum }) => ({
    version: Number(version),
    name: String(name),
    checksum: String(checksum),
  }));
}

/** A database of a newer release, or one whose history differs, is left alone. */
function refuseForeignHistory(applied: readonly Applied[], known: readonly Migration[]): void {
  for (const { version, name, checksum } of applied) {
    const migration = known.find((candidate) => candidate.version === version);
    if (!migration) {
      throw new CloudlessError(
        'store_unavailable',
        `The database has schema ${version} (${name}); this release knows up to ${known.at(-1)?.version ?? 0}. It was written by a newer release: start that one, or restore a snapshot.`,
      );
    }
    if (migration.checksum !== checksum) {
      throw new CloudlessError(
        'store_unavailable',
        `Migration ${version} (${migration.name}) differs from the one that made this database. Use the release that made it, or restore a snapshot.`,
      );
    }
  }
}

function toStatements({ version, name, checksum, script }: Migration, atMs: number): Statement[] {
  return [
    {
      sql: 'CREATE TABLE IF NOT EXISTS migration (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, at INTEGER NOT NULL) STRICT',
    },
    // First, so that two that start at once do not both run the script.
    { sql: 'INSERT INTO migration (version, name, checksum, at) VALUES (?, ?, ?, ?)', params: [version, name, checksum, atMs] },
    ...splitStatements(script).map((sql) => ({ sql })),
  ];
}

/**
 * Brings the schema to this release's, each migration as one atomic request.
 *
 * @throws CloudlessError `store_unavailable` for a newer or foreign schema, or a migration that fails: nothing of it happened
 */
export async function migrate({ driver, clock, migrations = listMigrations(), snapshot }: MigrateOptions): Promise<MigrateResult> {
  const applied = await readApplied(driver);
  refuseForeignHistory(applied, migrations);
  const fromVersion = applied.at(-1)?.version ?? 0;
  const due = migrations.filter(({ version }) => !applied.some((done) => done.version === version));
  if (due.length > 0 && fromVersion > 0) await snapshot?.(fromVersion);
  for (const migration of due) {
    const outcome = await driver.batch(toStatements(migration, clock.now()), { id: `migration-${migration.version}`, deadlineMs: 600_000 });
    if (outcome.kind === 'committed') continue;
    const said = outcome.kind === 'failed' ? outcome.failure.message : outcome.reason;
    throw new CloudlessError(
      'store_unavailable',
      `Migration ${migration.version} (${migration.name}) failed: ${said}. The database is as it was before it.`,
    );
  }
  return { fromVersion, applied: due.map(({ version, name }) => `${String(version).padStart(4, '0')}_${name}`) };
}
