import type { NodeRow } from '@cloudless/proto';
import type { SnapshotNode } from '../snapshot.ts';
import { nestCause } from '../nest-cause.ts';
import { nameNodes, paramsOfNodes, type NodeFilter } from './filter.ts';

/** One that answers on its bulk path alone would not hear what it should run. */
const isOnline = ({ state }: NodeRow): boolean =>
  state.word === 'online' || (state.word === 'degraded' && state.cause.code !== 'control_silent');

/** The device answers and its container engine is ready. */
export const ready: NodeFilter = {
  kind: 'node',
  name: 'ready',
  check: (row) => isOnline(row) && row.fingerprint?.engine.state === 'ready',
  explain(_ask, refused) {
    const [first] = refused;
    if (refused.length > 1 || !first)
      return { message: `${nameNodes(refused)} are offline or have no ready container engine`, params: paramsOfNodes(refused) };
    return { message: explainOne(first), params: { ...paramsOfNodes(refused), state: first.row.state.word, ...becauseOf(first) } };
  },
};

/** The cause beneath, for who says it in another language; absent where there is none. */
function becauseOf({ row }: SnapshotNode): Record<string, string | number> {
  const engine = row.fingerprint?.engine;
  if (!isOnline(row)) return nestCause(row.state.cause);
  return engine === undefined || engine.state === 'ready' ? {} : { engine: engine.state, ...nestCause(engine.cause) };
}

function explainOne(node: SnapshotNode): string {
  const { name, state, fingerprint } = node.row;
  if (!isOnline(node.row)) return `${name} is ${state.word}: ${state.cause.message}`;
  if (!fingerprint) return `${name} has not yet told what it is`;
  const { engine } = fingerprint;
  return engine.state === 'ready' ? `${name} is ready` : `the container engine of ${name} is ${engine.state}: ${engine.cause.message}`;
}
