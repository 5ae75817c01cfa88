import type { NodeId } from '@cloudless/proto';
import { buildNodeRow } from '@cloudless/proto/testing';
import { expect, it } from 'vitest';
import { advanceNodeList, createNodeList } from './node-list.ts';
import { NodeTable } from './node-table.ts';
import { judgeNode, type SnapshotNode } from './snapshot.ts';

const nodeOf = (name: string): SnapshotNode => judgeNode(buildNodeRow('sample', { id: `node_${name}` as NodeId, name }), [], undefined);
const NOTHING = { changed: new Map<NodeId, SnapshotNode | undefined>(), added: [] };
const [a, b, c, d] = [nodeOf('a'), nodeOf('b'), nodeOf('c'), nodeOf('d')];
const namesOf = ({ nodes }: NodeTable): string[] => nodes.map(({ row }) => row.name);

it('two that follow the same table each find what they have, and nothing of the other', () => {
  const first = new NodeTable([a]);
  const left = first.advance({ ...NOTHING, added: [b] });
  const right = first.advance({ ...NOTHING, added: [c, b] });
  const further = left.advance({ ...NOTHING, added: [d] });
  expect([first, left, right, further].map(namesOf)).toEqual([['a'], ['a', 'b'], ['a', 'c', 'b'], ['a', 'b', 'd']]);
  expect([first, left, right, further].map((table) => [a, b, c, d].map(({ row }) => table.positionOf(row.id)))).toEqual([
    [0, -1, -1, -1],
    [0, 1, -1, -1],
    [0, 2, 1, -1],
    [0, 1, -1, 2],
  ]);
  expect([first.get(b.row.id), left.get(b.row.id), first.has(a.row.id)]).toEqual([undefined, b, true]);
});

it('one that is gone leaves no place, and comes back at the end', () => {
  const table = new NodeTable([a, b, c]);
  const without = table.advance({ ...NOTHING, changed: new Map([[a.row.id, undefined]]) });
  expect(namesOf(without)).toEqual(['b', 'c']);
  expect(without.has(a.row.id)).toBe(false);
  expect(namesOf(without.advance({ ...NOTHING, added: [a] }))).toEqual(['b', 'c', 'a']);
  expect(namesOf(table)).toEqual(['a', 'b', 'c']);
});

it('a node that changes, or joins, has the numbers of few others copied', () => {
  const many = Array.from({ length: 5000 }, (_, index) => nodeOf(String(index)));
  const list = createNodeList(many);
  const [, one] = many;
  const changed = new Map<NodeId, SnapshotNode>();
  if (one) changed.set(one.row.id, { ...one, remaining: { ...one.remaining, cpuMillicores: 1 } });
  const after = advanceNodeList(list, { changed, added: [a] });
  expect(after.blocks.filter((block, index) => block !== list.blocks[index])).toHaveLength(2);
  expect(after).toEqual(createNodeList([...many.map((node) => changed.get(node.row.id) ?? node), a]));
  expect(list).toEqual(createNodeList(many));
});
