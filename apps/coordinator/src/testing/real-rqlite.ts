import { openRqlite, type RqliteDriver } from '@cloudless/db/rqlite';
import { A_REAL_RQLITED, emptied, rqlited, startRqlited, type RqliteCluster } from '@cloudless/db/testing';
import { nullLogger } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { afterAll, beforeAll, describe } from 'vitest';

export type RealStore = { readonly urls: readonly string[]; open(): Promise<RqliteDriver> };

/** Tests on real rqlite nodes, started once and emptied whenever `empty` is called. Left out, with the reason, where there is no rqlited. */
export function describeOnRqlited(nodes: 1 | 3, suite: (empty: () => Promise<RealStore>) => void): void {
  describe.skipIf(rqlited === undefined)(`on ${A_REAL_RQLITED}`, () => {
    let cluster: RqliteCluster | undefined;
    beforeAll(async () => {
      cluster = await startRqlited(rqlited ?? '', nodes);
    }, 30_000);
    afterAll(async () => await cluster?.[Symbol.asyncDispose]());
    suite(async () => {
      if (!cluster) throw new Error('the cluster did not start');
      const urls = (await emptied(cluster)).nodes.map(({ url }) => url);
      const ports = { clock: createRealClock(), entropy: createRealEntropy(), logger: nullLogger };
      return { urls, open: async () => (await openRqlite({ urls, ...ports })).driver };
    });
  });
}
