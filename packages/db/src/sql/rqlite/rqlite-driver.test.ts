import { nullLogger } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { describe, expect, it } from 'vitest';
import { describeIndependentClient } from '../../contract/independent-client-contract.ts';
import { describeRqliteHttpContract } from '../../contract/rqlite-http-contract.ts';
import { describeSqlDriverContract, type ContractDriver } from '../../contract/sql-driver-contract.ts';
import { describeOnRqlited } from '../../testing/real-rqlite/describe-on-rqlited.ts';
import type { RqliteCluster } from '../../testing/rqlite-cluster.ts';
import { createRqliteDouble, type RqliteDouble } from '../../testing/rqlite-double/create-rqlite-double.ts';
import { createRqliteDriver, openRqlite } from './index.ts';

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

/** Whose nodes the addresses of two clusters are, in either order, with an address where nobody is. */
async function openAll(...clusters: readonly RqliteCluster[]): Promise<void> {
  const urls = clusters.flatMap(({ nodes }) => nodes.map(({ url }) => url));
  const { driver } = await openRqlite({ urls: ['http://127.0.0.1:1', ...urls], clock, entropy, logger: nullLogger });
  await driver.stop();
}

describe('addresses', () => {
  it('of two clusters are refused, and neither is touched', async () => {
    await using one = await createRqliteDouble({ nodes: 3 });
    await using other = await createRqliteDouble({ nodes: 1 });
    await expect(openAll(one, other)).rejects.toMatchObject({ code: 'config_invalid', message: expect.stringContaining('different') });
    await expect(openAll(other, one)).rejects.toMatchObject({ code: 'config_invalid' });
    expect([...one.seen, ...other.seen].filter(({ path }) => path === '/db/execute')).toEqual([]);
  });

  it('of one cluster are taken, also when a node is gone', async () => {
    await using cluster = await createRqliteDouble({ nodes: 3 });
    await cluster.killLeader();
    await openAll(cluster);
  });
});

describeOnRqlited(3, (empty) => {
  it('of a real cluster are taken, and refused beside those of another', async () => {
    const cluster = await empty();
    await openAll(cluster);
    await using other = await createRqliteDouble({ nodes: 1 });
    await expect(openAll(cluster, other)).rejects.toMatchObject({ code: 'config_invalid' });
  });
});
