import type { SnapshotNode } from '../snapshot.ts';
import { nameNodes, type Filter } from './filter.ts';

const isOnline = (node: SnapshotNode): boolean => node.row.state.word === 'online' || node.row.state.word === 'degraded';

/** The device answers and its container engine is ready. */
export const ready: Filter = {
  name: 'ready',
  check: (_ask, node) => isOnline(node) && node.row.fingerprint?.engine.state === 'ready',
  explain(_ask, refused) {
    const [first] = refused;
    if (refused.length > 1 || !first)
      return { message: `${nameNodes(refused)} are offline or have no ready container engine`, params: { nodes: nameNodes(refused) } };
    return { message: explainOne(first), params: { nodes: first.row.name, state: first.row.state.word } };
  },
};

function explainOne(node: SnapshotNode): string {
  const { name, state, fingerprint } = node.row;
  if (!isOnline(node)) return `${name} is ${state.word}: ${state.cause.message}`;
  if (!fingerprint) return `${name} has not yet told what it is`;
  const { engine } = fingerprint;
  return engine.state === 'ready' ? `${name} is ready` : `the container engine of ${name} is ${engine.state}: ${engine.cause.message}`;
}
