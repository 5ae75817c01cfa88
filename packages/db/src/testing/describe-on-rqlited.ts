import { afterAll, beforeAll, describe } from 'vitest';
import { emptied } from './empty-rqlite.ts';
import type { RqliteCluster } from './rqlite-cluster.ts';
import { A_REAL_RQLITED, rqlited } from './rqlited/env.ts';
import { startRqlited } from './rqlited/start-rqlited.ts';

/** Tests on real rqlite nodes, started once and emptied whenever `empty` is called. Left out, with the reason, where there is no rqlited. */
export function describeOnRqlited(nodes: 1 | 3, suite: (empty: () => Promise<RqliteCluster>) => void): void {
  describe.skipIf(rqlited === undefined)(`on ${A_REAL_RQLITED}, ${nodes === 1 ? 'one node' : 'three nodes'}`, () => {
    let cluster: RqliteCluster | undefined;
    beforeAll(async () => {
      cluster = await startRqlited(rqlited ?? '', nodes);
    }, 30_000);
    afterAll(async () => await cluster?.[Symbol.asyncDispose]());
    suite(async () => {
      if (!cluster) throw new Error('the cluster did not start');
      return await emptied(cluster);
    });
  });
}
