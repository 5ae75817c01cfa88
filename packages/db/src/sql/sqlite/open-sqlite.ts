import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '@cloudless/kernel';
import { migrate, type MigrateOptions, type MigrateResult, type Migration } from '../migrations.ts';
import { createSqliteDriver, type SqliteDriver, type SqliteOptions } from './create-sqlite-driver.ts';

export type OpenSqliteOptions = SqliteOptions & {
  readonly clock: Pick<Clock, 'now'>;
  /** Where copies go that are taken before a migration. Default `snapshots` beside the file. */
  readonly snapshotsFolder?: string;
  readonly migrations?: readonly Migration[];
  readonly onStep?: MigrateOptions['onStep'];
};

/** Copies kept; older ones are removed. */
const SNAPSHOTS_KEPT = 5;
const DRAFT = '.db.new';
const SNAPSHOT = /^before-migration-.*\.db$/;

async function takeSnapshot(driver: SqliteDriver, folder: string, name: string): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Under its name only when it is whole: a copy that a full disk cut short must not push a good one out.
  for (const file of readdirSync(folder)) if (file.endsWith(DRAFT)) rmSync(join(folder, file));
  const draft = join(folder, `${name}${DRAFT}`);
  await driver.snapshot(draft);
  renameSync(draft, join(folder, `${name}.db`));
  // The name begins with the time, so the order of names is the order of copies.
  const kept = readdirSync(folder)
    .filter((file) => SNAPSHOT.test(file))
    .toSorted();
  for (const file of kept.slice(0, -SNAPSHOTS_KEPT)) rmSync(join(folder, file));
}

/**
 * Opens the database file, copies it when a migration is due, and brings its schema to this release's.
 *
 * @throws CloudlessError `store_unavailable`
 */
export async function openSqlite(options: OpenSqliteOptions): Promise<{ readonly driver: SqliteDriver; readonly migrated: MigrateResult }> {
  const { clock, path, snapshotsFolder = join(dirname(path), 'snapshots'), migrations, onStep } = options;
  const driver = await createSqliteDriver(options);
  const snapshot = (fromVersion: number): Promise<void> =>
    takeSnapshot(driver, snapshotsFolder, `before-migration-${String(clock.now()).padStart(15, '0')}-from-${fromVersion}`);
  try {
    const migrated = await migrate({
      driver,
      clock,
      onStep,
      ...(path === ':memory:' ? {} : { snapshot }),
      ...(migrations ? { migrations } : {}),
    });
    return { driver, migrated };
  } catch (error) {
    await driver.stop();
    throw error;
  }
}
