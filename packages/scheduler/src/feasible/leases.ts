import { nameNodes, paramsOfNodes, type AskFilter } from './filter.ts';

/** What runs at most once runs where the agent holds leases and stops what outlives its own. */
export const leases: AskFilter = {
  kind: 'ask',
  name: 'leases',
  concerns: (ask) => ask.exclusive,
  check: (ask, { row }) => !ask.exclusive || row.fingerprint?.leases === true,
  explain: (_ask, refused) => ({
    message: `the agent of ${nameNodes(refused)} holds no leases, which an exclusive app needs`,
    params: paramsOfNodes(refused),
  }),
};
