import type { NodeRow, RefusalFilter } from '@cloudless/proto';
import type { Ask } from '../ask.ts';
import type { SnapshotNode } from '../snapshot.ts';

export type FilterExplanation = { readonly message: string; readonly params?: Readonly<Record<string, string | number>> };

type Explaining = {
  /** Stands in `unplaced[].reasons[].filter`, in previews and in the docs. */
  readonly name: RefusalFilter;
  /** Says why `refused`, which is not empty and which `check` all refused, do not do. */
  explain(ask: Ask, refused: readonly SnapshotNode[]): FilterExplanation;
};

/** A hard requirement on the node alone, whatever is to be placed. Runs once a node and snapshot. */
export interface NodeFilter extends Explaining {
  readonly kind: 'node';
  check(row: NodeRow): boolean;
}

/** A hard requirement that depends on what is asked. Runs once a node and workload, so `check` allocates nothing. */
export interface AskFilter extends Explaining {
  readonly kind: 'ask';
  /** `false`: it passes every node, whatever they are. Asked once a workload; absent means that it may refuse some. */
  concerns?(ask: Ask): boolean;
  check(ask: Ask, node: SnapshotNode): boolean;
}

export type Filter = NodeFilter | AskFilter;

/** The names for a sentence in any language: at most two, and how many there are besides. A name holds no comma. */
export function paramsOfNodes(nodes: readonly SnapshotNode[]): Record<'nodes' | 'names' | 'more', string | number> {
  const named = nodes.slice(0, 2).map((node) => node.row.name);
  return { nodes: nameNodes(nodes), names: named.join(', '), more: nodes.length - named.length };
}

/** `laptop`, `laptop and pi`, `laptop, pi and 3 more`. */
export function nameNodes(nodes: readonly SnapshotNode[]): string {
  const names = nodes.slice(0, 2).map((node) => node.row.name);
  const more = nodes.length - names.length;
  if (more > 0) return `${names.join(', ')} and ${more} more`;
  return names.join(' and ');
}
