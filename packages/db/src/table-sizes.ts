import type { SqlDriver } from './sql/driver.ts';

/**
 * Rows beyond which a table is larger than retention, or any cluster that this release is made for, explains: somebody should look.
 * Every table that grows is here.
 */
export const TABLE_ALARMS: Readonly<Record<string, number>> = {
  event: 150_000,
  change: 150_000,
  audit: 150_000,
  batch: 40_000,
  idempotency: 100_000,
  session: 100_000,
  verification: 100_000,
  join_token: 20_000,
  invitation: 20_000,
  recovery_code: 100_000,
  apikey: 100_000,
  node: 50_000,
  workload: 50_000,
  allocation: 500_000,
};

export type TableSize = { readonly table: string; readonly rows: number; readonly alarm: number };

/** Rows of each table that grows, counted in one read. */
export async function readTableSizes(
  driver: SqlDriver,
  alarms: Readonly<Record<string, number>> = TABLE_ALARMS,
  signal?: AbortSignal,
): Promise<readonly TableSize[]> {
  const tables = Object.entries(alarms);
  const sql = tables.map(([table]) => `SELECT '${table}', (SELECT count(*) FROM "${table}")`).join(' UNION ALL ');
  const { rows } = await driver.query({ sql }, signal ? { signal } : {});
  return tables.map(([table, alarm]) => ({ table, alarm, rows: Number(rows.find(([name]) => name === table)?.[1] ?? 0) }));
}
