import { buildNodeRow, buildWorkloadRow } from '@cloudless/proto/testing';
import { expect, it } from 'vitest';
import { createRowWrites } from './row-writes.ts';

const laptop = buildNodeRow('laptop');

it('many rows of a table become few statements, of few texts', () => {
  const writes = createRowWrites();
  for (let index = 0; index < 200; index += 1) writes.put('node', { ...laptop, id: `node_${index}` as typeof laptop.id }, 1);
  const statements = writes.statements();
  expect(statements.map(({ params = [] }) => params.length / 5)).toEqual([64, 64, 64, 8]);
  expect(new Set(statements.map(({ sql }) => sql)).size).toBe(2);
});

it('a row that is written twice ends as it was written last', () => {
  const writes = createRowWrites();
  writes.put('node', laptop, 1);
  writes.put('node', { ...laptop, name: 'renamed' }, 2);
  expect(writes.statements().map(({ params = [] }) => params[2])).toEqual(['laptop', 'renamed']);
});

it('what is removed stays removed, and what comes after it stays', () => {
  const writes = createRowWrites();
  writes.put('node', laptop, 1);
  writes.put('workload', buildWorkloadRow('web'), 1);
  writes.remove('node', laptop.id);
  writes.put('node', laptop, 2);
  expect(writes.statements().map(({ sql }) => /^(INSERT INTO|DELETE FROM) (\w+)/.exec(sql)?.[0])).toEqual([
    'INSERT INTO node',
    'DELETE FROM node',
    'INSERT INTO workload',
    'INSERT INTO node',
  ]);
});
