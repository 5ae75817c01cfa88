import { z } from 'zod';
import type { BatchOutcome, SqlDriver, SqlValue, Statement } from './sql/driver.ts';
import { toRecords } from './sql/driver.ts';
import { guardThat, isGuardFailure } from './sql/guarded-writer.ts';

/** Who says that it leads. */
export type LeadClaim = {
  /** Id of the coordinator, which outlives its processes. */
  readonly holder: string;
  /** Of this process alone. */
  readonly instance: string;
  /** Where other coordinators reach it. */
  readonly addresses: readonly string[];
  readonly version: string;
};

export type LeaderRow = LeadClaim & {
  /** Moves with each renewal and each takeover, and never back. */
  readonly counter: number;
  /** It was stopped and gave the lead away. */
  readonly released: boolean;
};

/** The lead as one read saw it. `leader` is absent where nobody led yet. */
export type LeadSeen = { readonly token: number; readonly leader: LeaderRow | undefined };

export type LeadOutcome =
  | { readonly kind: 'done' }
  /** The guard refused it: the lead is not what it was taken for. Nothing happened. */
  | { readonly kind: 'refused' }
  /** It may have happened or not, and may still. */
  | { readonly kind: 'unanswered'; readonly reason: string };

export type LeadRequest = { readonly id: string; readonly deadlineMs: number };

const addressesSchema = z.array(z.string());

const READ: Statement = {
  sql: `SELECT c.token, l.holder, l.instance, l.counter, l.addresses, l.version, l.released
    FROM cluster c LEFT JOIN leader l ON l.singleton = c.singleton`,
};

/**
 * Who leads, as one read that sees every earlier write.
 *
 * @returns `undefined` before the cluster is founded
 * @throws CloudlessError `store_unavailable`, `overloaded`; the signal's reason
 */
export async function readLead(driver: SqlDriver, signal?: AbortSignal): Promise<LeadSeen | undefined> {
  const [row] = toRecords(await driver.query(READ, signal ? { signal } : {}));
  if (!row) return undefined;
  const token = Number(row['token']);
  if (row['holder'] === null || row['holder'] === undefined) return { token, leader: undefined };
  const text = (value: SqlValue | undefined): string => String(value);
  return {
    token,
    leader: {
      holder: text(row['holder']),
      instance: text(row['instance']),
      counter: Number(row['counter']),
      addresses: addressesSchema.parse(JSON.parse(text(row['addresses']))),
      version: text(row['version']),
      released: Number(row['released']) === 1,
    },
  };
}

function toLeadOutcome(outcome: BatchOutcome): LeadOutcome {
  switch (outcome.kind) {
    case 'committed':
      return { kind: 'done' };
    case 'unknown':
      return { kind: 'unanswered', reason: outcome.reason };
    case 'failed':
      if (outcome.statement === 0 && isGuardFailure(outcome.failure)) return { kind: 'refused' };
      return { kind: 'unanswered', reason: outcome.failure.message };
  }
}

/**
 * Takes the lead over by raising the token, if it still is as it was seen: a renewal or another takeover in between refuses it.
 */
export async function takeLead(driver: SqlDriver, seen: LeadSeen, claim: LeadClaim, request: LeadRequest): Promise<LeadOutcome> {
  const { leader } = seen;
  const guard = leader
    ? guardThat('(SELECT c.token = ? AND l.counter = ? AND l.instance = ? FROM cluster c, leader l)', [
        seen.token,
        leader.counter,
        leader.instance,
      ])
    : guardThat('(SELECT c.token = ? AND NOT EXISTS (SELECT 1 FROM leader) FROM cluster c)', [seen.token]);
  const values = [
    claim.holder,
    claim.instance,
    (leader?.counter ?? 0) + 1,
    JSON.stringify(claim.addresses),
    claim.version,
  ] satisfies SqlValue[];
  const write: Statement = leader
    ? { sql: 'UPDATE leader SET holder = ?, instance = ?, counter = ?, addresses = ?, version = ?, released = 0', params: values }
    : {
        sql: 'INSERT INTO leader (singleton, holder, instance, counter, addresses, version, released) VALUES (1, ?, ?, ?, ?, ?, 0)',
        params: values,
      };
  const raise: Statement = { sql: 'UPDATE cluster SET token = ?', params: [seen.token + 1] };
  return toLeadOutcome(await driver.batch([guard, raise, write], request));
}

const changeLead = async (driver: SqlDriver, token: number, sql: string, request: LeadRequest): Promise<LeadOutcome> =>
  toLeadOutcome(await driver.batch([guardThat('(SELECT token = ? FROM cluster)', [token]), { sql }], request));

/** Shows that the holder of `token` lives. Safe to send again after an answer was lost. */
export const renewLead = (driver: SqlDriver, token: number, request: LeadRequest): Promise<LeadOutcome> =>
  changeLead(driver, token, 'UPDATE leader SET counter = counter + 1', request);

/** Gives the lead away: the next candidate need not wait. The last write of its holder. */
export const releaseLead = (driver: SqlDriver, token: number, request: LeadRequest): Promise<LeadOutcome> =>
  changeLead(driver, token, 'UPDATE leader SET counter = counter + 1, released = 1', request);
