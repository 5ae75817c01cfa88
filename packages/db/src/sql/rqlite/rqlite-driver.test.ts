import { nullLogger } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { afterAll, beforeAll, describe } from 'vitest';
import { describeSqlDriverContract } from '../../contract/sql-driver-contract.ts';
import { createRqliteDouble } from '../../testing/rqlite-double/index.ts';
import type { RqliteCluster } from '../../testing/rqlite-cluster.ts';
import { A_REAL_RQLITED, rqlited } from '../../testing/rqlited/env.ts';
import { startRqlited } from '../../testing/rqlited/start-rqlited.ts';
import { createRqliteDriver } from './index.ts';

const clock = createRealClock();
const entropy = createRealEntropy();

/** An empty database of a cluster that several tests share. */
async function openEmpty(cluster: RqliteCluster) {
  const driver = createRqliteDriver({ urls: cluster.nodes.map(({ url }) => url), clock, entropy, logger: nullLogger });
  const { rows } = await driver.query({ sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'" });
  await driver.batch(
    rows.map(([name]) => ({ sql: `DROP TABLE "${String(name)}"` })),
    { id: 'empty' },
  );
  return { driver, [Symbol.asyncDispose]: () => driver.stop() };
}

/** A driver of a cluster of its own. */
async function openOver(cluster: RqliteCluster) {
  const opened = await openEmpty(cluster);
  return {
    ...opened,
    async [Symbol.asyncDispose]() {
      await opened.driver.stop();
      await cluster[Symbol.asyncDispose]();
    },
  };
}

const KINDS = ['one node', 'three nodes'] as const;

describe('the double of rqlite', () => {
  describeSqlDriverContract('rqlite double, one node', async () => await openOver(await createRqliteDouble({ nodes: 1 })));
  describeSqlDriverContract('rqlite double, three nodes', async () => await openOver(await createRqliteDouble({ nodes: 3 })));
});

describe.skipIf(rqlited === undefined)(`${A_REAL_RQLITED}`, () => {
  describe.each(KINDS)('%s', (kind) => {
    let cluster: RqliteCluster | undefined;
    beforeAll(async () => {
      cluster = await startRqlited(rqlited ?? '', kind === 'one node' ? 1 : 3);
    }, 30_000);
    afterAll(async () => await cluster?.[Symbol.asyncDispose]());
    describeSqlDriverContract(`rqlite, ${kind}`, async () => {
      if (!cluster) throw new Error('the cluster did not start');
      return await openEmpty(cluster);
    });
  });
});
