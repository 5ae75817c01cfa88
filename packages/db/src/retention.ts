import type { Statement } from './sql/driver.ts';
import { toIsoTime } from './sql/iso-time.ts';

/** How much of each growing table is kept. Rows of what people own go with it, not here. */
export const RETENTION = {
  events: 100_000,
  changes: 100_000,
  /** Far more than can be in flight within a request's deadline. */
  batches: 20_000,
  auditRows: 100_000,
  /** Used and expired join tokens, and used recovery codes, are shown for a while. */
  spentMs: 30 * 86_400_000,
} as const;

export type RetentionLimits = {
  readonly events?: number;
  readonly changes?: number;
  /** Rows beyond which a table is told of, by table; the release's own when absent. */
  readonly alarms?: Readonly<Record<string, number>>;
};

const keepNewest = (table: string, count: number): Statement => ({
  sql: `DELETE FROM ${table} WHERE seq <= (SELECT max(seq) FROM ${table}) - ?`,
  params: [count],
});

/** Statements that bring every growing table back within its limit. */
export function retentionStatements(nowMs: number, limits: RetentionLimits = {}): Statement[] {
  const spentBefore = nowMs - RETENTION.spentMs;
  return [
    keepNewest('event', limits.events ?? RETENTION.events),
    keepNewest('change', limits.changes ?? RETENTION.changes),
    keepNewest('batch', RETENTION.batches),
    keepNewest('audit', RETENTION.auditRows),
    { sql: 'DELETE FROM idempotency WHERE expires_at <= ?', params: [nowMs] },
    { sql: 'DELETE FROM join_token WHERE expires_at <= ?', params: [spentBefore] },
    { sql: 'DELETE FROM recovery_code WHERE used_at <= ?', params: [spentBefore] },
    { sql: 'DELETE FROM session WHERE "expiresAt" <= ?', params: [toIsoTime(nowMs)] },
    { sql: 'DELETE FROM verification WHERE "expiresAt" <= ?', params: [toIsoTime(nowMs)] },
    { sql: 'DELETE FROM invitation WHERE "expiresAt" <= ?', params: [toIsoTime(spentBefore)] },
  ];
}
