import { CloudlessError } from '@cloudless/proto';
import type { SqlDriver } from '../sql/driver.ts';
import { createControlMemory, type ControlMemory } from './control-memory.ts';
import { CONTROL_TABLES, parseRow } from './control-rows.ts';
import type { ControlTable } from './store.ts';

async function loadTable(driver: SqlDriver, table: ControlTable, memory: ControlMemory): Promise<void> {
  // In order of creation, which memory keeps too: a restart changes no iteration order.
  const { rows } = await driver.query({ sql: `SELECT id, version, body FROM ${table} ORDER BY rowid` });
  for (const [id, version, body] of rows) {
    try {
      memory.put(table, parseRow(table, String(body)), Number(version));
    } catch (cause) {
      throw new CloudlessError(
        'store_unavailable',
        `The ${table} ${String(id)} in the database cannot be read. Restore a snapshot, or start the release that wrote it.`,
        { cause },
      );
    }
  }
}

/**
 * All control rows, and the revision they are at.
 *
 * @throws CloudlessError `store_unavailable` when a row does not parse, or no cluster was founded
 */
export async function loadControl(driver: SqlDriver): Promise<{ readonly memory: ControlMemory; readonly headRevision: number }> {
  const head = await driver.query({ sql: 'SELECT head_revision FROM cluster' });
  const revision = head.rows[0]?.[0];
  if (revision === undefined)
    throw new CloudlessError('store_unavailable', 'The database holds no cluster yet. Call openCluster before createStore.');
  const memory = createControlMemory();
  for (const table of CONTROL_TABLES) await loadTable(driver, table, memory);
  return { memory, headRevision: Number(revision) };
}
