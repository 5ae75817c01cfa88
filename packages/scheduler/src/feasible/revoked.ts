import { nameNodes, type Filter } from './filter.ts';

/** The device still belongs to the cluster. */
export const revoked: Filter = {
  name: 'revoked',
  check: (_ask, node) => node.row.revokedAt === undefined,
  explain: (_ask, refused) => ({ message: `${nameNodes(refused)} was removed from the cluster` }),
};
