import { createManualClock, createMemoryLogger } from '@cloudless/kernel/testing';
import { describe, expect, it } from 'vitest';
import { RETENTION, retentionStatements } from './retention.ts';
import { toIsoTime } from './sql/iso-time.ts';
import { TABLE_ALARMS, type TableSize } from './table-sizes.ts';
import { createTestStore } from './testing/create-test-store.ts';

/** Tables that grow only with what people own, and why. */
const OWNED: Readonly<Record<string, string>> = {
  cluster: 'one row',
  guard: 'always empty',
  migration: 'one a release',
  incoming: 'one row',
  project: 'made by people',
  node: 'one a device; removed with it',
  workload: 'made by people',
  allocation: 'removed by the planner once it ended',
  leader: 'one row',
  ca: 'one for devices, one for each set of public names',
  claim: 'unused ones are replaced, one is used',
  setting: 'a fixed set of names for each organisation',
  user: 'people',
  account: 'of people',
  organization: 'made by people',
  member: 'people in organisations',
  passkey: 'of people',
  apikey: '100 for each person',
};

describe('retention', () => {
  it('has a rule for every table that grows by itself', async () => {
    await using opened = await createTestStore();
    const { rows } = await opened.driver.query({ sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'" });
    const rules = retentionStatements(0).map(({ sql }) => /^DELETE FROM (\w+)/.exec(sql)?.[1]);
    const without = rows.map(([name]) => String(name)).filter((name) => OWNED[name] === undefined && !rules.includes(name));
    expect(without).toEqual([]);
  });

  it('has an alarm for the size of every table that has a rule, and of those that devices and apps fill', () => {
    const rules = retentionStatements(0).map(({ sql }) => /^DELETE FROM (\w+)/.exec(sql)?.[1] ?? '');
    expect([...rules, 'node', 'workload', 'allocation'].filter((table) => TABLE_ALARMS[table] === undefined)).toEqual([]);
  });

  it('tells once of a table that is larger than it should be, and anew when it was smaller meanwhile', async () => {
    const clock = createManualClock();
    const logger = createMemoryLogger();
    await using opened = await createTestStore({ clock, logger, retention: { alarms: { setting: 1 } } });
    const fill = { sql: "INSERT INTO setting (org_id, name, value, updated_at) VALUES ('o', 'one', '', 1), ('o', 'two', '', 1)" };
    const told = () => logger.events.filter(({ op }) => op === 'store.tableLarge').map(({ table, rows, alarm }) => [table, rows, alarm]);
    const anHour = async (sql?: string) => {
      if (sql !== undefined) await opened.driver.batch([{ sql }], { id: 'change' });
      await clock.advance(3_600_000);
    };
    const heard: TableSize[] = [];
    opened.store.onTableLarge((size) => heard.push(size));
    await anHour(fill.sql);
    await anHour();
    expect(told()).toEqual([['setting', 2, 1]]);
    // At its alarm is not below it.
    await anHour("DELETE FROM setting WHERE name = 'one'");
    await anHour("INSERT INTO setting (org_id, name, value, updated_at) VALUES ('o', 'one', '', 1)");
    expect(told()).toHaveLength(1);
    await anHour('DELETE FROM setting');
    await anHour(fill.sql);
    expect(told()).toHaveLength(2);
    expect(heard).toEqual(told().map(([table, rows, alarm]) => ({ table, rows, alarm })));
  });

  it('removes what ran out and keeps what is good', async () => {
    const clock = createManualClock();
    await using opened = await createTestStore({ clock });
    const now = clock.now();
    const old = now - RETENTION.spentMs - 1;
    const token = "INSERT INTO join_token (id, org_id, secret_hash, labels, created_at, expires_at) VALUES (?, 'o', x'00', '{}', 0, ?)";
    const session = 'INSERT INTO session (id, "expiresAt", token, "createdAt", "updatedAt", "userId") VALUES (?, ?, ?, ?, ?, ?)';
    const code = 'INSERT INTO recovery_code (user_id, code_hash, created_at, used_at) VALUES (?, ?, 0, ?)';
    const filled = await opened.driver.batch(
      [
        { sql: token, params: ['old', old] },
        { sql: token, params: ['new', now - 1] },
        { sql: session, params: ['old', toIsoTime(now - 1), 'a', toIsoTime(0), toIsoTime(0), 'u'] },
        { sql: session, params: ['new', toIsoTime(now + 1), 'b', toIsoTime(0), toIsoTime(0), 'u'] },
        { sql: code, params: ['u', 'old', old] },
        { sql: code, params: ['u', 'used', now] },
        { sql: code, params: ['u', 'new', null] },
      ],
      { id: 'fill' },
    );
    expect(filled.kind).toBe('committed');
    expect((await opened.driver.batch(retentionStatements(now), { id: 'sweep' })).kind).toBe('committed');
    const idsOf = async (sql: string) => (await opened.driver.query({ sql })).rows.flat();
    expect(await idsOf('SELECT id FROM join_token')).toEqual(['new']);
    expect(await idsOf('SELECT id FROM session')).toEqual(['new']);
    expect(await idsOf('SELECT code_hash FROM recovery_code ORDER BY 1')).toEqual(['new', 'used']);
  });
});
