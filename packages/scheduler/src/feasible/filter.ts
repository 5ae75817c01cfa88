import type { Ask } from '../ask.ts';
import type { SnapshotNode } from '../snapshot.ts';

export type FilterExplanation = { readonly message: string; readonly params?: Readonly<Record<string, string | number>> };

/** One hard requirement. Runs once a node and decision, so `check` allocates nothing. */
export interface Filter {
  /** Stands in `unplaced[].reasons[].filter`, in previews and in the docs. */
  readonly name: string;
  check(ask: Ask, node: SnapshotNode): boolean;
  /** Says why `refused`, which is not empty and which `check` all refused, do not do. */
  explain(ask: Ask, refused: readonly SnapshotNode[]): FilterExplanation;
}

/** `laptop`, `laptop and pi`, `laptop, pi and 3 more`. */
export function nameNodes(nodes: readonly SnapshotNode[]): string {
  const names = nodes.slice(0, 2).map((node) => node.row.name);
  const more = nodes.length - names.length;
  if (more > 0) return `${names.join(', ')} and ${more} more`;
  return names.join(' and ');
}
