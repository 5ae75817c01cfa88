import { createTestStore } from '@cloudless/db/testing';
import { createManualClock, createMemoryLogger, createSeededEntropy } from '@cloudless/kernel/testing';
import { CloudlessError, type AllocationId, type AllocationRow, type BatchId } from '@cloudless/proto';
import { buildAllocationRow, buildNodeRow, buildObserved, buildWorkloadRow } from '@cloudless/proto/testing';
import { describe, expect, it } from 'vitest';
import { createReportWriter } from './report-writer.ts';

/** A writer over a real store with `count` allocations that wait, and a store that says no as often as the test wants. */
async function open(count: number) {
  const clock = createManualClock();
  const entropy = createSeededEntropy(31);
  const opened = await createTestStore({ clock, entropy });
  const { store } = opened;
  const node = buildNodeRow();
  const pending = buildObserved({ phase: 'pending', ready: false, generation: 0 });
  const rows = Array.from({ length: count }, (): AllocationRow => ({
    ...buildAllocationRow(buildWorkloadRow(), node),
    id: entropy.id('alloc') as AllocationId,
    observed: pending,
  }));
  const commit = (row: AllocationRow, expected: number | 'absent') =>
    store.commit({ id: entropy.id('batch') as BatchId, mutations: [{ kind: 'put', table: 'allocation', row, expect: expected }] });
  for (const row of rows) await commit(row, 'absent');
  const no = { times: 0 };
  const failing = Object.create(store, {
    commit: {
      value: (...call: Parameters<typeof store.commit>) => {
        if (no.times === 0) return store.commit(...call);
        no.times -= 1;
        return Promise.reject(new CloudlessError('store_unavailable', 'the disk is full'));
      },
    },
  }) as typeof store;
  const writer = createReportWriter({ store: failing, clock, entropy, logger: createMemoryLogger() });
  return {
    store,
    clock,
    writer,
    rows,
    node,
    no,
    commit,
    phaseOf: ({ id }: AllocationRow) => store.get('allocation', id)?.row.observed.phase,
    async [Symbol.asyncDispose]() {
      writer.stop();
      await opened[Symbol.asyncDispose]();
    },
  };
}

describe('reports', () => {
  it('come into the store when it can be written again', async () => {
    await using opened = await open(1);
    const [row] = opened.rows;
    if (!row) throw new Error('no allocation');
    opened.no.times = 3;
    opened.writer.take(opened.node.id, [{ allocationId: row.id, observed: buildObserved() }]);
    await opened.clock.advance(0);
    expect(opened.phaseOf(row)).toBe('pending');
    await opened.clock.advance(10_000);
    expect(opened.phaseOf(row)).toBe('running');
  });

  it('of one allocation wait once, however many come', async () => {
    await using opened = await open(1);
    const [row] = opened.rows;
    if (!row) throw new Error('no allocation');
    opened.no.times = 1;
    const before = opened.store.revision;
    for (let restarts = 0; restarts < 50; restarts += 1)
      opened.writer.take(opened.node.id, [{ allocationId: row.id, observed: buildObserved({ restarts }) }]);
    await opened.clock.advance(10_000);
    expect(opened.store.get('allocation', row.id)?.row.observed.restarts).toBe(49);
    expect(opened.store.revision).toBe(before + 1);
  });

  it('of very many allocations at once come in few batches', async () => {
    await using opened = await open(350);
    const before = opened.store.revision;
    opened.writer.take(
      opened.node.id,
      opened.rows.map(({ id }) => ({ allocationId: id, observed: buildObserved() })),
    );
    await opened.writer.settled();
    expect(opened.rows.every((row) => opened.phaseOf(row) === 'running')).toBe(true);
    expect(opened.store.revision - before).toBeLessThanOrEqual(5);
  });

  it('lose to nobody who writes the same row: what they wrote stays, and what was observed comes', async () => {
    await using opened = await open(1);
    const [row] = opened.rows;
    if (!row) throw new Error('no allocation');
    opened.writer.take(opened.node.id, [{ allocationId: row.id, observed: buildObserved() }]);
    const version = opened.store.get('allocation', row.id)?.version ?? 0;
    const planned = opened.commit({ ...row, desired: 'stopped' }, version);
    await opened.writer.settled();
    const outcome = await planned;
    const found = opened.store.get('allocation', row.id)?.row;
    expect(found?.observed.phase).toBe('running');
    expect(found?.desired).toBe(outcome.kind === 'committed' ? 'stopped' : 'running');
  });

  it('that wait when it stops are left to the next hello', async () => {
    await using opened = await open(1);
    const [row] = opened.rows;
    if (!row) throw new Error('no allocation');
    opened.no.times = 1000;
    opened.writer.take(opened.node.id, [{ allocationId: row.id, observed: buildObserved() }]);
    await opened.clock.advance(1000);
    opened.writer.stop();
    await opened.writer.settled();
    expect(opened.phaseOf(row)).toBe('pending');
  });
});
