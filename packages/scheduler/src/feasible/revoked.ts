import { nameNodes, paramsOfNodes, type NodeFilter } from './filter.ts';

/** The device still belongs to the cluster. */
export const revoked: NodeFilter = {
  kind: 'node',
  name: 'revoked',
  check: (row) => row.revokedAt === undefined,
  explain: (_ask, refused) => ({ message: `${nameNodes(refused)} was removed from the cluster`, params: paramsOfNodes(refused) }),
};
