import type { Store, WriteBatch } from '@cloudless/db';
import type { BatchId, EventId, WorkloadRow } from '@cloudless/proto';
import { buildNodeRow, buildWorkloadRow } from '@cloudless/proto/testing';
import { describe, expect, it } from 'vitest';
import { createTestPlane, type TestPlane } from './testing/create-test-plane.ts';
import { createdEvent } from './testing/created-event.ts';

const GIB = 2 ** 30;
const laptop = buildNodeRow('laptop');
const web = buildWorkloadRow('web', { replicas: 2, resources: { requests: { cpuMillicores: 500, memoryBytes: GIB } } });
/** Room for one of those. */
const small = { allocatable: { cpuMillicores: 800, memoryBytes: 64 * GIB, storageBytes: 1024 * GIB } };
const one = (name: string): WorkloadRow =>
  buildWorkloadRow(name, { replicas: 1, resources: { requests: { cpuMillicores: 500, memoryBytes: GIB } } });

const made = `ev_${'m'.repeat(26)}` as EventId;
const batchOf = (row: WorkloadRow): WriteBatch => ({
  id: `batch_${row.name}` as BatchId,
  mutations: [
    { kind: 'put', table: 'workload', row, expect: 'absent' },
    { kind: 'event', event: createdEvent(row, row.name === 'web' ? made : (`ev_${row.name.padEnd(26, 'x')}` as EventId)) },
  ],
});

/** The store, where `meddle` runs before each batch that writes to the table. */
const meddled = (store: Store, of: 'workload' | 'allocation', meddle: () => Promise<void>): Store =>
  Object.create(store, {
    commit: {
      async value(batch: WriteBatch, signal?: AbortSignal) {
        if (batch.mutations.some((mutation) => mutation.kind === 'put' && mutation.table === of)) await meddle();
        return store.commit(batch, signal);
      },
    },
  }) as Store;

/** What is placed on the one device fits, and each replica was told once. */
function expectNothingTwice(test: TestPlane): void {
  const placed = [...test.store.list('allocation')].filter(({ row }) => row.desired === 'running');
  expect(placed).toHaveLength(1);
  expect(test.eventsOf('allocation.placed')).toHaveLength(1);
}

describe('a workload that is deployed while nothing else is decided', () => {
  it('is durable and placed by one write, which names it as the cause', async () => {
    await using test = await createTestPlane();
    await test.join(laptop);
    await test.plane.settled();
    const before = test.store.revision;
    expect(await test.plane.deploy(batchOf(web))).toEqual({ kind: 'committed', revision: before + 1 });
    expect(test.rowsOf(web.id)).toMatchObject([
      { slot: 0, nodeId: laptop.id, observed: { phase: 'pending' } },
      { slot: 1, nodeId: laptop.id },
    ]);
    expect(test.eventsOf('allocation.placed')).toMatchObject([
      { revision: before + 1, causeEventId: made },
      { revision: before + 1, causeEventId: made },
    ]);
    await test.plane.settled();
    expect(test.store.revision).toBe(before + 1);
  });

  it('and does not fit whole is stored alone, and told why by the next pass', async () => {
    await using test = await createTestPlane();
    await test.join({ ...laptop, ...small });
    await test.plane.settled();
    const before = test.store.revision;
    expect(await test.plane.deploy(batchOf(web))).toEqual({ kind: 'committed', revision: before + 1 });
    await test.plane.settled();
    expect(test.store.get('workload', web.id)?.version).toBe(before + 1);
    expect(test.store.allocationsOfWorkload(web.id)).toMatchObject([{ version: before + 2 }]);
    expect(test.eventsOf('workload.unplaced')).toHaveLength(1);
  });

  it('lands on no device that is cordoned meanwhile, and is stored all the same', async () => {
    let isFirst = true;
    await using test = await createTestPlane({
      wrap: (store) =>
        meddled(store, 'workload', async () => {
          if (isFirst) await test.changeNode(laptop.id, () => ({ schedulable: false }));
          isFirst = false;
        }),
    });
    await test.join(laptop);
    await test.plane.settled();
    expect(await test.plane.deploy(batchOf(web))).toMatchObject({ kind: 'committed' });
    await test.plane.settled();
    expect(test.store.get('workload', web.id)).toBeDefined();
    expect(test.rowsOf(web.id)).toEqual([]);
  });

  it('is refused as the store refuses it when it is there already', async () => {
    await using test = await createTestPlane();
    await test.join(laptop);
    await test.plane.settled();
    await test.plane.deploy(batchOf(web));
    await test.plane.settled();
    expect(await test.plane.deploy({ ...batchOf(web), id: 'batch_again' as BatchId })).toMatchObject({ kind: 'stale', table: 'workload' });
    expect(test.wantedOf(web.id)).toHaveLength(2);
  });
});

it('answers, and tells devices, before the pass that follows', async () => {
  let isFirst = true;
  await using test = await createTestPlane({
    wrap: (store) =>
      meddled(store, 'workload', async () => {
        if (isFirst) await test.deploy(one('other'));
        isFirst = false;
      }),
  });
  await test.join(laptop);
  await test.plane.settled();
  await test.plane.deploy(batchOf(web));
  for (let turn = 0; turn < 500; turn += 1) await Promise.resolve();
  expect(test.wantedOf(web.id)).toHaveLength(2);
  expect(test.wantedOf(one('other').id)).toEqual([]);
  await test.clock.advance(0);
  await test.plane.settled();
  expect(test.wantedOf(one('other').id)).toHaveLength(1);
});

describe('room for one replica is given once', () => {
  it('when two workloads are deployed at once', async () => {
    await using test = await createTestPlane();
    await test.join({ ...laptop, ...small });
    await test.plane.settled();
    const outcomes = await Promise.all([one('first'), one('second')].map((row) => test.plane.deploy(batchOf(row))));
    expect(outcomes).toMatchObject([{ kind: 'committed' }, { kind: 'committed' }]);
    await test.plane.settled();
    expectNothingTwice(test);
  });

  it('when one is deployed while a pass places another', async () => {
    let deploying: Promise<unknown> | undefined;
    await using test = await createTestPlane({
      wrap: (store) =>
        meddled(store, 'allocation', () => {
          deploying ??= test.plane.deploy(batchOf(one('second')));
          return Promise.resolve();
        }),
    });
    await test.join({ ...laptop, ...small });
    await test.plane.settled();
    await test.deploy(one('first'));
    await test.plane.settled();
    expect(await deploying).toMatchObject({ kind: 'committed' });
    await test.plane.settled();
    expectNothingTwice(test);
  });

  it('when a change comes while one is deployed', async () => {
    let isFirst = true;
    await using test = await createTestPlane({
      wrap: (store) =>
        meddled(store, 'workload', async () => {
          if (isFirst) await test.deploy(one('first'));
          isFirst = false;
        }),
    });
    await test.join({ ...laptop, ...small });
    await test.plane.settled();
    await test.plane.deploy(batchOf(one('second')));
    await test.plane.settled();
    expectNothingTwice(test);
  });
});
