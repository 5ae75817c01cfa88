import { nullLogger } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { afterAll, beforeAll, describe } from 'vitest';
import { openRqlite } from '../../sql/rqlite/open-rqlite.ts';
import type { RqliteDriver } from '../../sql/rqlite/index.ts';
import { emptied } from '../empty-rqlite.ts';
import type { RqliteCluster } from '../rqlite-cluster.ts';
import { A_REAL_RQLITED, rqlited } from '../rqlited/env.ts';
import { startRqlited } from '../rqlited/start-rqlited.ts';

export type RealRqlite = RqliteCluster & { readonly urls: readonly string[]; open(): Promise<RqliteDriver> };

/**
 * Tests on real rqlite nodes, started once and emptied whenever `empty` is called. Left out, with the reason, where there is no rqlited.
 * It has an entrance of its own, because nothing but tests may load vitest.
 */
export function describeOnRqlited(nodes: 1 | 3, suite: (empty: () => Promise<RealRqlite>) => void): void {
  describe.skipIf(rqlited === undefined)(`on ${A_REAL_RQLITED}, ${nodes === 1 ? 'one node' : 'three nodes'}`, () => {
    let cluster: RqliteCluster | undefined;
    beforeAll(async () => {
      cluster = await startRqlited(rqlited ?? '', nodes);
    }, 30_000);
    afterAll(async () => await cluster?.[Symbol.asyncDispose]());
    suite(async () => {
      if (!cluster) throw new Error('the cluster did not start');
      const empty = await emptied(cluster);
      const urls = empty.nodes.map(({ url }) => url);
      const ports = { clock: createRealClock(), entropy: createRealEntropy(), logger: nullLogger };
      return { ...empty, urls, open: async () => (await openRqlite({ urls, ...ports })).driver };
    });
  });
}
