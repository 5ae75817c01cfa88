import type { NodeRow } from '@cloudless/proto';
import type { SnapshotNode } from '../snapshot.ts';
import { nameNodes, paramsOfNodes, type AskFilter, type NodeFilter } from './filter.ts';

/** Whether the owner lends the device now: by the rule's pause, and by what its agent found. */
export const isLending = (row: NodeRow): boolean => row.lending?.pausedAt === undefined && row.fingerprint?.lending?.state !== 'withheld';

/** The owner lends the device now. */
export const lending: NodeFilter = {
  kind: 'node',
  name: 'lending',
  check: isLending,
  explain(_ask, refused) {
    const [first] = refused;
    const params = paramsOfNodes(refused);
    if (refused.length > 1 || !first) return { message: `${nameNodes(refused)} lend nothing now`, params };
    return { message: explainOne(first), params: { ...params, how: first.row.lending?.pausedAt === undefined ? 'withheld' : 'paused' } };
  },
};

function explainOne({ row }: SnapshotNode): string {
  if (row.lending?.pausedAt !== undefined) return `the owner took ${row.name} back`;
  const verdict = row.fingerprint?.lending;
  return verdict?.state === 'withheld'
    ? `${row.name} lends nothing now: ${verdict.causes.map(({ message }) => message).join(' ')}`
    : `${row.name} lends`;
}

/** The device is not being emptied. */
export const draining: NodeFilter = {
  kind: 'node',
  name: 'draining',
  check: (row) => row.drain === undefined,
  explain: (_ask, refused) => ({
    message: `${nameNodes(refused)} ${refused.length > 1 ? 'are' : 'is'} being drained`,
    params: paramsOfNodes(refused),
  }),
};

/** The owner lends the device to this project. */
export const project: AskFilter = {
  kind: 'ask',
  name: 'project',
  check: (ask, { row }) => row.lending?.projects === undefined || row.lending.projects.includes(ask.projectId),
  explain: (_ask, refused) => ({
    message: `${nameNodes(refused)} ${refused.length > 1 ? 'are' : 'is'} lent to other projects only`,
    params: paramsOfNodes(refused),
  }),
};
