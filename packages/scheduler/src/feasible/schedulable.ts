import { nameNodes, type Filter } from './filter.ts';

/** The device is not cordoned. */
export const schedulable: Filter = {
  name: 'schedulable',
  check: (_ask, node) => node.row.schedulable,
  explain: (_ask, refused) => ({
    message: `${nameNodes(refused)} ${refused.length > 1 ? 'are' : 'is'} cordoned: nothing new is placed there`,
    params: { nodes: nameNodes(refused) },
  }),
};
