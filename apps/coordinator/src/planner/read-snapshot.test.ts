import type { Mutation } from '@cloudless/db';
import { createTestStore } from '@cloudless/db/testing';
import type { BatchId } from '@cloudless/proto';
import { buildAllocationRow, buildNodeRow, buildObserved, buildWorkloadRow } from '@cloudless/proto/testing';
import { expect, it } from 'vitest';
import { createSnapshotReader, readSnapshot } from './read-snapshot.ts';

const laptop = buildNodeRow('laptop');
const web = buildWorkloadRow('web');
const replica = buildAllocationRow(web, laptop);
const moment = { now: 1, seed: 1 };

/** @param ringLimit batches that the store keeps */
async function createTest(ringLimit: number) {
  const test = await createTestStore({ ringLimit });
  let batches = 0;
  const write = async (...mutations: readonly Mutation[]): Promise<void> => {
    batches += 1;
    expect(await test.store.commit({ id: `batch_${batches}` as BatchId, mutations })).toMatchObject({ kind: 'committed' });
  };
  const versionOf = (): number => test.store.get('allocation', replica.id)?.version ?? 0;
  return { ...test, write, versionOf };
}

it.each([
  ['from what changed', 100],
  ['from all rows, when the store no longer has every change', 1],
])('each snapshot is the whole of the rows as they are: %s', async (_how, ringLimit) => {
  const test = await createTest(ringLimit);
  const { store, write, versionOf } = test;
  const reader = createSnapshotReader(store);
  const check = (): void => expect(reader.read(moment)).toEqual(readSnapshot(store, moment));
  check();
  await write({ kind: 'put', table: 'node', row: laptop, expect: 'absent' });
  await write({ kind: 'put', table: 'workload', row: web, expect: 'absent' });
  check();
  await write({ kind: 'put', table: 'allocation', row: replica, expect: 'absent' });
  check();
  expect(reader.read(moment).nodes.get(laptop.id)?.remaining).not.toEqual(laptop.allocatable);
  const stopped = { ...replica, observed: buildObserved({ phase: 'stopped' }) };
  await write({ kind: 'put', table: 'allocation', row: stopped, expect: versionOf() });
  await write({ kind: 'remove', table: 'allocation', id: replica.id, expect: versionOf() });
  check();
  expect(reader.read(moment).nodes.get(laptop.id)?.remaining).toEqual(laptop.allocatable);
  await test[Symbol.asyncDispose]();
});

it('reads on without a look at rows that did not change, and counts silence and leases all the same', async () => {
  const test = await createTest(100);
  const { store, write } = test;
  const silent = { ...laptop, state: { ...laptop.state, word: 'unreachable' } } as const;
  const exclusive = { ...replica, spec: { ...replica.spec, exclusive: true } };
  let silentMs = 0;
  const counts = { silentMs: () => (silentMs += 1000), leaseLeftMs: () => 500 };
  let lists = 0;
  const list: typeof store.list = (table) => {
    lists += 1;
    return store.list(table);
  };
  // The store counts its revision by a getter.
  const counted = Object.create(store, { list: { value: list } }) as typeof store;
  const reader = createSnapshotReader(counted, counts);
  await write({ kind: 'put', table: 'node', row: laptop, expect: 'absent' });
  await write({ kind: 'put', table: 'workload', row: web, expect: 'absent' });
  reader.read(moment);
  const listsAtFirst = lists;
  await write({ kind: 'put', table: 'node', row: silent, expect: store.get('node', laptop.id)?.version ?? 0 });
  await write({ kind: 'put', table: 'allocation', row: exclusive, expect: 'absent' });
  expect(reader.read(moment).nodes.get(laptop.id)?.awayMs).toBe(1000);
  expect(reader.read(moment).nodes.get(laptop.id)?.awayMs).toBe(2000);
  expect([...reader.read(moment).leaseLeftMs]).toEqual([[replica.id, 500]]);
  await write({ kind: 'put', table: 'node', row: laptop, expect: store.get('node', laptop.id)?.version ?? 0 });
  await write({ kind: 'remove', table: 'allocation', id: replica.id, expect: test.versionOf() });
  expect(reader.read(moment)).toMatchObject({ leaseLeftMs: new Map() });
  expect(reader.read(moment).nodes.get(laptop.id)?.awayMs).toBe(0);
  expect(lists).toBe(listsAtFirst);
  await test[Symbol.asyncDispose]();
});
