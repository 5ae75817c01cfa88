import { createManualClock, createSeededEntropy } from '@cloudless/kernel/testing';
import { describe, expect, it } from 'vitest';
import { findCluster, openCluster } from './open-cluster.ts';
import { openSqlite } from './sql/sqlite/open-sqlite.ts';
import { createLossyDriver, type Loss } from './testing/lossy-driver.ts';

const clock = createManualClock();

async function openEmpty() {
  const { driver } = await openSqlite({ path: ':memory:', thread: 'inline', clock });
  return { driver, entropy: createSeededEntropy(4), [Symbol.asyncDispose]: () => driver.stop() };
}

describe('opening a cluster', () => {
  it('founds it once, with its organisation and project, and raises the token at each start', async () => {
    await using empty = await openEmpty();
    expect(await findCluster(empty.driver)).toBeUndefined();
    const founded = await openCluster({ ...empty, clock });
    expect(founded).toMatchObject({ epoch: 1, token: 1, createdAt: clock.now() });
    const again = await openCluster({ ...empty, clock });
    expect(again).toEqual({ ...founded, token: 2 });
    expect(await findCluster(empty.driver)).toEqual(again);
    const { rows } = await empty.driver.query({
      sql: 'SELECT (SELECT count(*) FROM cluster), (SELECT count(*) FROM organization), (SELECT count(*) FROM project)',
    });
    expect(rows).toEqual([[1, 1, 1]]);
  });

  it('gives each of many that start at once a token of its own', async () => {
    await using empty = await openEmpty();
    const tokens = (await Promise.all([1, 2, 3].map(() => openCluster({ ...empty, clock })))).map(({ token }) => token);
    expect(new Set(tokens).size).toBe(3);
  });

  it.each(['happened', 'never'] as const)('takes over when the answer was lost and the change had %s', async (loss: Loss) => {
    await using empty = await openEmpty();
    const losses: Loss[] = [loss];
    const driver = createLossyDriver(empty.driver, () => losses.shift());
    const cluster = await openCluster({ driver, clock, entropy: empty.entropy });
    expect(await findCluster(empty.driver)).toEqual(cluster);
  });

  it('says so when others take over again and again', async () => {
    await using empty = await openEmpty();
    await openCluster({ ...empty, clock });
    const driver = createLossyDriver(empty.driver, () => undefined);
    const batch = driver.batch.bind(driver);
    const beaten = {
      ...driver,
      batch: async (...call: Parameters<typeof batch>) => (await openCluster({ ...empty, clock }), await batch(...call)),
    };
    await expect(openCluster({ driver: beaten, clock, entropy: empty.entropy })).rejects.toMatchObject({ code: 'store_unavailable' });
  });
});
