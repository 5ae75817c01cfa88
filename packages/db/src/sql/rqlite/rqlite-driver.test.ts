import { nullLogger } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { describe } from 'vitest';
import { describeIndependentClient } from '../../contract/independent-client-contract.ts';
import { describeRqliteHttpContract } from '../../contract/rqlite-http-contract.ts';
import { describeSqlDriverContract, type ContractDriver } from '../../contract/sql-driver-contract.ts';
import { describeOnRqlited } from '../../testing/real-rqlite/describe-on-rqlited.ts';
import type { RqliteCluster } from '../../testing/rqlite-cluster.ts';
import { createRqliteDouble, type RqliteDouble } from '../../testing/rqlite-double/create-rqlite-double.ts';
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

for (const nodes of SIZES)
  describeOnRqlited(nodes, (empty) => {
    describeRqliteHttpContract(`rqlited, ${nameOf(nodes)}`, nodes, empty);
    describeSqlDriverContract(`rqlite, ${nameOf(nodes)}`, async () => openOver(await empty()));
    describeIndependentClient(`rqlited, ${nameOf(nodes)}`, async () => openOver(await empty()));
  });
