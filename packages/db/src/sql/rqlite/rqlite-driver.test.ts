import { nullLogger } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { afterAll, beforeAll, describe } from 'vitest';
import { describeIndependentClient } from '../../contract/independent-client-contract.ts';
import { describeRqliteHttpContract } from '../../contract/rqlite-http-contract.ts';
import { describeSqlDriverContract, type ContractDriver } from '../../contract/sql-driver-contract.ts';
import { emptied } from '../../testing/empty-rqlite.ts';
import type { RqliteCluster } from '../../testing/rqlite-cluster.ts';
import { createRqliteDouble, type RqliteDouble } from '../../testing/rqlite-double/create-rqlite-double.ts';
import { A_REAL_RQLITED, rqlited } from '../../testing/rqlited/env.ts';
import { startRqlited } from '../../testing/rqlited/start-rqlited.ts';
import { createRqliteDriver } from './index.ts';

const clock = createRealClock();
const entropy = createRealEntropy();
const SIZES = [1, 3] as const;
const nameOf = (nodes: 1 | 3): string => (nodes === 1 ? 'one node' : 'three nodes');

function openOver(cluster: RqliteCluster): ContractDriver & { readonly cluster: RqliteCluster } {
  const driver = createRqliteDriver({ urls: cluster.nodes.map(({ url }) => url), clock, entropy, logger: nullLogger });
  return {
    cluster,
    driver,
    async [Symbol.asyncDispose]() {
      await driver.stop();
      await cluster[Symbol.asyncDispose]();
    },
  };
}

/** The leader goes to another node before each batch but the first. */
function changingLeaders(cluster: RqliteDouble): ContractDriver {
  const opened = openOver(cluster);
  let isFirst = true;
  return {
    ...opened,
    driver: {
      ...opened.driver,
      batch(statements, options) {
        if (!isFirst) cluster.elect();
        isFirst = false;
        return opened.driver.batch(statements, options);
      },
    },
  };
}

describe('the double of rqlite', () => {
  for (const nodes of SIZES) {
    describeRqliteHttpContract(`double, ${nameOf(nodes)}`, nodes, () => createRqliteDouble({ nodes }));
    describeSqlDriverContract(`rqlite double, ${nameOf(nodes)}`, async () => openOver(await createRqliteDouble({ nodes })));
    describeIndependentClient(`double, ${nameOf(nodes)}`, async () => openOver(await createRqliteDouble({ nodes })));
  }
  describeSqlDriverContract('rqlite double, three nodes, another leader for each batch', async () =>
    changingLeaders(await createRqliteDouble({ nodes: 3 })),
  );
});

describe.skipIf(rqlited === undefined)(`${A_REAL_RQLITED}`, () => {
  describe.each(SIZES)('of %i nodes', (nodes) => {
    let cluster: RqliteCluster | undefined;
    const empty = async (): Promise<RqliteCluster> => {
      if (!cluster) throw new Error('the cluster did not start');
      return await emptied(cluster);
    };
    beforeAll(async () => {
      cluster = await startRqlited(rqlited ?? '', nodes);
    }, 30_000);
    afterAll(async () => await cluster?.[Symbol.asyncDispose]());
    describeRqliteHttpContract(`rqlited, ${nameOf(nodes)}`, nodes, empty);
    describeSqlDriverContract(`rqlite, ${nameOf(nodes)}`, async () => openOver(await empty()));
    describeIndependentClient(`rqlited, ${nameOf(nodes)}`, async () => openOver(await empty()));
  });
});
