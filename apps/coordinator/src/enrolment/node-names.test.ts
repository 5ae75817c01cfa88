import { createTestStore } from '@cloudless/db/testing';
import type { Mutation } from '@cloudless/db';
import type { BatchId, OrgId } from '@cloudless/proto';
import { buildNodeRow } from '@cloudless/proto/testing';
import { expect, it } from 'vitest';
import { createNodeNames } from './node-names.ts';

it('a name is taken for as long as a device that was not removed has it, and in its organisation alone', async () => {
  await using test = await createTestStore();
  const { store } = test;
  let batches = 0;
  const write = async (mutation: Mutation): Promise<void> => {
    batches += 1;
    expect(await store.commit({ id: `batch_${batches}` as BatchId, mutations: [mutation] })).toMatchObject({ kind: 'committed' });
  };
  const old = buildNodeRow('old');
  const put = (row: typeof old): Promise<void> =>
    write({ kind: 'put', table: 'node', row, expect: store.get('node', row.id)?.version ?? 'absent' });
  await put(old);
  const names = createNodeNames(store);
  const isTaken = (name: string): boolean => names.isTaken(old.orgId, name);
  expect(isTaken('old')).toBe(true);
  expect(names.isTaken(`org_${'z'.repeat(26)}` as OrgId, 'old')).toBe(false);

  const other = buildNodeRow('other');
  await put(other);
  await put({ ...other, name: 'old' });
  expect(isTaken('other')).toBe(false);
  await put({ ...old, revokedAt: 1 });
  expect(isTaken('old')).toBe(true);
  await write({ kind: 'remove', table: 'node', id: old.id, expect: store.get('node', old.id)?.version ?? 0 });
  expect(isTaken('old')).toBe(true);
  await write({ kind: 'remove', table: 'node', id: other.id, expect: store.get('node', other.id)?.version ?? 0 });
  expect(isTaken('old')).toBe(false);
  names.stop();
});
