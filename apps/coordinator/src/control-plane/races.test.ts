import type { Mutation, Store, WriteBatch } from '@cloudless/db';
import { createSeededEntropy } from '@cloudless/kernel/testing';
import { CloudlessError } from '@cloudless/proto';
import { buildNodeRow, buildWorkloadRow } from '@cloudless/proto/testing';
import { decideCollection, decidePlan, type Plan } from '@cloudless/scheduler';
import { describe, expect, it } from 'vitest';
import { createPlanner, createSnapshotReader, readSnapshot } from '../planner/index.ts';
import { createControlPlane } from './index.ts';
import { createTestPlane, staySilent } from './testing/create-test-plane.ts';

const GIB = 2 ** 30;
const laptop = buildNodeRow('laptop');
const web = buildWorkloadRow('web', { replicas: 1, resources: { requests: { cpuMillicores: 500, memoryBytes: GIB } } });

/** The store, where `meddle` runs between a decision and its commit, or once the commit is the store's. */
const interposed = (store: Store, meddle: (batch: WriteBatch) => Promise<void>, when: 'before' | 'after' = 'before'): Store =>
  Object.create(store, {
    commit: {
      value: async (batch: WriteBatch, signal?: AbortSignal) => {
        if (when === 'before') await meddle(batch);
        const outcome = store.commit(batch, when === 'before' ? signal : undefined);
        if (when === 'after') await meddle(batch);
        return outcome;
      },
    },
  }) as Store;

const isPlacement = (mutation: Mutation): boolean =>
  mutation.kind === 'put' && mutation.table === 'allocation' && mutation.expect === 'absent';

describe('races', () => {
  it('decides again when a row that a plan changes has changed meanwhile', async () => {
    let overtakes = 2;
    await using test = await createTestPlane({
      wrap: (store) =>
        interposed(store, async ({ mutations }) => {
          const stop = mutations.find((mutation) => mutation.kind === 'put' && mutation.expect !== 'absent');
          if (stop?.kind !== 'put' || stop.table !== 'allocation' || overtakes === 0) return;
          overtakes -= 1;
          // A report arrives between the decision and its commit.
          const found = store.get('allocation', stop.row.id);
          if (found)
            await test.write({
              kind: 'put',
              table: 'allocation',
              row: { ...found.row, updatedAt: found.row.updatedAt + 1 },
              expect: found.version,
            });
        }),
    });
    await test.join(laptop);
    await test.deploy(web);
    await test.settle();

    await test.changeWorkload(web.id, { runState: 'stopped' });
    await test.settle();

    expect(overtakes).toBe(0);
    expect(test.logger.events.filter((event) => event['outcome'] === 'aborted')).toHaveLength(2);
    expect(test.eventsOf('allocation.stopRequested')).toHaveLength(1);
    expect(test.rowsOf(web.id)).toMatchObject([{ desired: 'stopped', desiredGeneration: 2, observed: { phase: 'stopped' } }]);
  });

  it('throws away a plan whose workload is no longer wanted', async () => {
    await using test = await createTestPlane();
    await test.join(laptop);
    await test.plane.stop();
    await test.deploy(web);
    const { store, clock } = test;
    const snapshot = readSnapshot(store, { now: clock.now(), seed: 1 });
    const plan = decidePlan(snapshot);
    expect(plan.place).toHaveLength(1);

    await test.changeWorkload(web.id, { runState: 'stopped' });
    const planner = createPlanner({
      store,
      clock,
      entropy: createSeededEntropy(3),
      snapshots: createSnapshotReader(store),
      findCause: () => undefined,
    });
    const outcome = await planner.apply({ plan, collection: decideCollection(snapshot), unplaced: new Map() });

    expect(outcome).toMatchObject({ kind: 'stale' });
    expect(test.rowsOf(web.id)).toEqual([]);
  });

  it.each<[string, Partial<typeof laptop>]>([
    ['cordoned', { schedulable: false }],
    ['drained', { drain: { sinceAt: 1, purpose: 'empty', cause: { code: 'x', message: 'x' } } }],
    ['removed', { revokedAt: 1 }],
  ])('never lands a placement on a device that is %s while it is under way', async (_how, change) => {
    let isFirst = true;
    await using test = await createTestPlane({
      wrap: (store) =>
        interposed(store, async ({ mutations }) => {
          if (!isFirst || !mutations.some(isPlacement)) return;
          isFirst = false;
          await test.changeNode(laptop.id, () => change);
        }),
    });
    await test.join(laptop);
    await test.deploy(web);
    await test.settle();
    expect(isFirst).toBe(false);
    expect(test.rowsOf(web.id)).toEqual([]);
    expect(test.eventsOf('allocation.placed')).toEqual([]);
  });

  it('applies one plan once, however often it is submitted', async () => {
    await using test = await createTestPlane();
    await test.join(laptop);
    await test.plane.stop();
    await test.deploy(web);
    const { store, clock } = test;
    const snapshot = readSnapshot(store, { now: clock.now(), seed: 1 });
    const decision = { plan: decidePlan(snapshot), collection: decideCollection(snapshot), unplaced: new Map() };
    const planner = createPlanner({
      store,
      clock,
      entropy: createSeededEntropy(3),
      snapshots: createSnapshotReader(store),
      findCause: () => undefined,
    });

    expect(await planner.apply(decision)).toMatchObject({ kind: 'committed' });
    expect(await planner.apply(decision)).toMatchObject({ kind: 'stale' });
    expect(test.rowsOf(web.id)).toHaveLength(1);
  });

  it('refuses a plan that breaks a rule on the state it was decided on, and writes nothing', async () => {
    await using test = await createTestPlane();
    await test.join(laptop);
    await test.plane.stop();
    await test.deploy(web);
    const { store, clock } = test;
    const snapshot = readSnapshot(store, { now: clock.now(), seed: 1 });
    const plan = decidePlan(snapshot);
    const doubled: Plan = { ...plan, place: [...plan.place, ...plan.place] };
    const planner = createPlanner({
      store,
      clock,
      entropy: createSeededEntropy(3),
      snapshots: createSnapshotReader(store),
      findCause: () => undefined,
    });
    const { revision } = store;

    const outcome = await planner.apply({ plan: doubled, collection: decideCollection(snapshot), unplaced: new Map() });

    expect(outcome).toMatchObject({ kind: 'refused', violations: [{ rule: 'oneAllocationPerSlot' }] });
    expect(store.revision).toBe(revision);
  });

  it('makes one pass of many triggers', async () => {
    let placements = 0;
    await using test = await createTestPlane({
      wrap: (store) =>
        interposed(store, async ({ mutations }) => {
          placements += mutations.filter(isPlacement).length;
          await Promise.resolve();
        }),
    });
    await test.join(laptop);
    await Promise.all([
      test.deploy(web),
      test.changeNode(laptop.id, (row) => ({ updatedAt: row.updatedAt + 1 })),
      test.deploy(buildWorkloadRow('two')),
      test.deploy(buildWorkloadRow('three')),
    ]);
    await test.settle();
    expect(placements).toBe(3);
    expect(test.wantedOf(web.id)).toHaveLength(1);
  });

  it('ends with one allocation a slot where two control planes decide at once', async () => {
    await using test = await createTestPlane();
    const second = createControlPlane({ store: test.store, clock: test.clock, entropy: createSeededEntropy(99), logger: test.logger });
    await test.join(laptop);
    await test.deploy({ ...web, spec: { ...web.spec, replicas: 3 } });
    await test.settle();
    await second.settled();
    await test.settle();

    expect(test.wantedOf(web.id).map((row) => row.slot)).toEqual([0, 1, 2]);
    const { revision } = test.store;
    await test.elapse(60_000, 10_000);
    expect(test.store.revision).toBe(revision);
    await second.stop();
  });

  it('goes on when the store has failed and answers again', async () => {
    let failures = 4;
    await using test = await createTestPlane({
      wrap: (store) =>
        interposed(store, ({ mutations }) => {
          if (!mutations.some(isPlacement) || failures === 0) return Promise.resolve();
          failures -= 1;
          return Promise.reject(new CloudlessError('store_unavailable', 'The database does not answer.'));
        }),
    });
    await test.join(laptop);
    await test.deploy(web);
    for (let step = 0; step < 20; step += 1) await test.clock.advance(250);
    await test.settle();

    expect(failures).toBe(0);
    expect(test.wantedOf(web.id)).toHaveLength(1);
  });

  it('leaves no write and no timer behind when it is stopped while its write is on its way', async () => {
    let stopPlane = (): Promise<void> => Promise.resolve();
    let stopped: Promise<void> | undefined;
    await using test = await createTestPlane({
      wrap: (store) =>
        interposed(
          store,
          ({ mutations }) => {
            if (mutations.some(isPlacement)) stopped ??= stopPlane();
            return Promise.resolve();
          },
          'after',
        ),
    });
    stopPlane = () => test.plane.stop();
    await test.join(laptop, staySilent);
    await test.deploy(web);
    await test.plane.settled();
    await stopped;
    expect(test.clock.pending).toBe(test.timersBefore);
    const { revision } = test.store;

    await test.deploy(buildWorkloadRow('late'));
    await test.clock.advance(120_000);

    expect(test.rowsOf(web.id)).toHaveLength(1);
    expect(test.store.revision).toBe(revision + 1);
  });
});
