import type { CloudlessNode } from '@cloudless/proto';
import { expect, it } from 'vitest';
import { filterNodes } from './filter-nodes.ts';

it('keeps devices that have every word of the filter somewhere', () => {
  const node = (name: string, word: string, labels: Record<string, string>) =>
    ({ name, state: { word }, labels }) as unknown as Pick<CloudlessNode, 'name' | 'state' | 'labels' | 'fingerprint'>;
  const nodes = [node('Attic', 'online', { zone: 'home' }), node('Laptop', 'lost', { zone: 'home' })];
  expect(filterNodes(nodes, '  ').length).toBe(2);
  expect(filterNodes(nodes, 'ZONE=home lost').map(({ name }) => name)).toEqual(['Laptop']);
  expect(filterNodes(nodes, 'attic lost')).toEqual([]);
});
