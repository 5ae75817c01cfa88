import { createTestStore } from '@cloudless/db/testing';
import { nullLogger } from '@cloudless/kernel';
import { createManualClock, createSeededEntropy } from '@cloudless/kernel/testing';
import { describe, expect, it } from 'vitest';
import { tellLargeTables } from './tell-large-tables.ts';

const HOUR_MS = 3_600_000;

describe('a table that passes its size alarm', () => {
  it('is told of in Activity once a crossing, and no more after the stop', async () => {
    const clock = createManualClock();
    await using opened = await createTestStore({ clock, retention: { alarms: { setting: 1 } } });
    const { store, driver, cluster } = opened;
    const telling = tellLargeTables({ store, clock, entropy: createSeededEntropy(9), logger: nullLogger, orgId: cluster.orgId });
    let changes = 0;
    const sweepAfter = async (sql: string): Promise<void> => {
      changes += 1;
      await driver.batch([{ sql }], { id: `change-${changes}` });
      await clock.advance(HOUR_MS);
    };
    const fill = "INSERT INTO setting (org_id, name, value, updated_at) VALUES ('o', 'one', '', 1), ('o', 'two', '', 1)";
    const read = () => store.listEvents({ orgId: cluster.orgId, kinds: ['cluster.tableLarge'], limit: 10 });
    await sweepAfter(fill);
    await clock.advance(3 * HOUR_MS);
    expect((await read()).map(({ severity, params }) => [severity, params])).toEqual([
      ['warning', { table: 'setting', rows: 2, alarm: 1 }],
    ]);
    await sweepAfter('DELETE FROM setting');
    await sweepAfter(fill);
    expect(await read()).toHaveLength(2);
    await telling.stop();
    await sweepAfter('DELETE FROM setting');
    await sweepAfter(fill);
    expect(await read()).toHaveLength(2);
  });
});
