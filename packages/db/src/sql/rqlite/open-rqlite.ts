import { migrate, type MigrateOptions, type MigrateResult, type Migration } from '../migrations.ts';
import { createRqliteDriver, type RqliteDriver, type RqliteOptions } from './create-rqlite-driver.ts';

export type OpenRqliteOptions = RqliteOptions & { readonly migrations?: readonly Migration[]; readonly onStep?: MigrateOptions['onStep'] };

/**
 * Connects to the cluster and brings its schema to this release's. Several may do so at once: each migration happens once.
 * No copy is taken before, unlike `openSqlite`: the cluster's backups are its owner's to make (`npm run backup`).
 *
 * @throws CloudlessError `store_unavailable`; `config_invalid` when the addresses are of different clusters
 */
export async function openRqlite(options: OpenRqliteOptions): Promise<{ readonly driver: RqliteDriver; readonly migrated: MigrateResult }> {
  const { clock, migrations, onStep } = options;
  const driver = createRqliteDriver(options);
  try {
    await driver.refuseStrangers();
    const migrated = await migrate({ driver, clock, onStep, ...(migrations ? { migrations } : {}) });
    return { driver, migrated };
  } catch (error) {
    await driver.stop();
    throw error;
  }
}
