import type { CloudlessNode } from '@cloudless/proto';

type Filterable = Pick<CloudlessNode, 'name' | 'state' | 'labels' | 'fingerprint'>;

const textOf = ({ name, state, labels, fingerprint }: Filterable): string =>
  [
    name,
    state.word,
    fingerprint?.os,
    fingerprint?.arch,
    fingerprint?.hostname,
    ...Object.entries(labels).map(([key, value]) => `${key}=${value}`),
  ]
    .join('\n')
    .toLowerCase();

/** Devices that have every word of the filter in name, state, system or labels. */
export function filterNodes<Node extends Filterable>(nodes: readonly Node[], filter: string): readonly Node[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return words.length === 0 ? nodes : nodes.filter((node) => words.every((word) => textOf(node).includes(word)));
}
