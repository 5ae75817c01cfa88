import { nameNodes, paramsOfNodes, type AskFilter } from './filter.ts';

/** Each host port asked for by number is free on the device. Ports that the engine chooses never conflict. */
export const ports: AskFilter = {
  kind: 'ask',
  name: 'ports',
  concerns: (ask) => ask.ports.length > 0,
  check(ask, node) {
    for (const key of ask.ports) if (node.takenPorts.has(key)) return false;
    return true;
  },
  explain(ask, refused) {
    const taken = ask.ports.filter((key) => refused.some((node) => node.takenPorts.has(key)));
    const list = taken.map((key) => key.replace('/', ' ')).join(', ');
    return { message: `host port ${list} is taken on ${nameNodes(refused)}`, params: { ports: list, ...paramsOfNodes(refused) } };
  },
};
