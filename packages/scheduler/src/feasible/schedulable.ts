import { nameNodes, paramsOfNodes, type NodeFilter } from './filter.ts';

/** The device is not cordoned. */
export const schedulable: NodeFilter = {
  kind: 'node',
  name: 'schedulable',
  check: (row) => row.schedulable,
  explain: (_ask, refused) => ({
    message: `${nameNodes(refused)} ${refused.length > 1 ? 'are' : 'is'} cordoned: nothing new is placed there`,
    params: paramsOfNodes(refused),
  }),
};
