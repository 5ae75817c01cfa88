import type { BatchOutcome, SqlDriver } from '../sql/driver.ts';
import { createManualClock, createSeededEntropy } from '@cloudless/kernel/testing';
import type { BatchId, ClusterEvent, EventId, NodeId, OrgId } from '@cloudless/proto';
import { buildAllocationRow, buildNodeRow, buildWorkloadRow } from '@cloudless/proto/testing';
import { describe, expect, it } from 'vitest';
import { openCluster } from '../open-cluster.ts';
import { createTestStore as createStoreOn, type TestStoreOptions } from '../testing/create-test-store.ts';
import { describeEachDatabase } from '../testing/describe-databases.ts';
import type { CommittedBatch, Mutation, WriteBatch } from './store.ts';

const entropy = createSeededEntropy(7);
const batchOf = (...mutations: Mutation[]): WriteBatch => ({ id: entropy.id('batch') as BatchId, mutations });
const node = (name: string): Mutation & { kind: 'put' } => ({ kind: 'put', table: 'node', row: buildNodeRow(name), expect: 'absent' });
const event = (message: string, orgId: OrgId, more: Partial<ClusterEvent> = {}): Mutation => ({
  kind: 'event',
  event: {
    id: entropy.id('ev') as EventId,
    at: 1,
    kind: 'node.updated',
    severity: 'info',
    orgId,
    actor: { kind: 'system', name: 'test' },
    params: {},
    message,
    ...more,
  },
});

/** Counts requests, and holds them back while `hold` is set. */
function createGate() {
  const gate = {
    batches: 0,
    hold: undefined as Promise<void> | undefined,
    wrap: (driver: SqlDriver): SqlDriver => ({
      ...driver,
      async batch(statements, options): Promise<BatchOutcome> {
        gate.batches += 1;
        await gate.hold;
        return driver.batch(statements, options);
      },
    }),
  };
  return gate;
}

describeEachDatabase((_name, openDatabase) => {
  const createTestStore = (options: TestStoreOptions = {}): ReturnType<typeof createStoreOn> => createStoreOn({ openDatabase, ...options });

  describe('a commit', () => {
    it('is durable, readable and numbered when it is answered', async () => {
      await using opened = await createTestStore();
      const laptop = node('laptop');
      expect(await opened.store.commit(batchOf(laptop))).toEqual({ kind: 'committed', revision: 1 });
      expect(opened.store.revision).toBe(1);
      expect(opened.store.get('node', laptop.row.id as NodeId)).toEqual({ row: laptop.row, version: 1 });
      const again = await opened.reopen();
      expect(again.revision).toBe(1);
      expect(again.get('node', laptop.row.id as NodeId)).toEqual({ row: laptop.row, version: 1 });
      await again.stop();
    });

    it('of a later release is read by this one, without the fields that it does not know', async () => {
      await using opened = await createTestStore();
      const row = buildNodeRow('laptop');
      const later = { ...row, mood: 'calm', state: { ...row.state, weather: { wind: 1 } } };
      await opened.store.commit(batchOf({ kind: 'put', table: 'node', row: later, expect: 'absent' }));
      const again = await opened.reopen();
      expect(again.get('node', row.id)).toEqual({ row, version: 1 });
      await again.stop();
    });

    it('against a row that changed since is stale, and says what was found', async () => {
      await using opened = await createTestStore();
      const row = buildNodeRow('laptop');
      const put = (expected: number | 'absent', name: string) =>
        opened.store.commit(batchOf({ kind: 'put', table: 'node', row: { ...row, name }, expect: expected }));
      await put('absent', 'a');
      expect(await put('absent', 'b')).toEqual({ kind: 'stale', table: 'node', id: row.id, expected: 'absent', found: 1 });
      expect(await put(1, 'c')).toEqual({ kind: 'committed', revision: 2 });
      expect(await put(1, 'd')).toMatchObject({ kind: 'stale', expected: 1, found: 2 });
      expect(await opened.store.commit(batchOf({ kind: 'remove', table: 'node', id: row.id, expect: 1 }))).toMatchObject({
        kind: 'stale',
        found: 2,
      });
      expect(await opened.store.commit(batchOf({ kind: 'remove', table: 'node', id: row.id, expect: 2 }))).toMatchObject({
        kind: 'committed',
      });
      expect(await put(2, 'e')).toMatchObject({ kind: 'stale', found: 'absent' });
      expect(opened.store.get('node', row.id)).toBeUndefined();
    });

    it('that checks a row it does not write holds only while that is as it was read, also within one group', async () => {
      await using opened = await createTestStore();
      const row = buildNodeRow('laptop');
      const put = (expected: number | 'absent'): Mutation => ({ kind: 'put', table: 'node', row, expect: expected });
      const check = (expected: number): Mutation => ({ kind: 'check', table: 'node', id: row.id, expect: expected });
      await opened.store.commit(batchOf(put('absent')));
      expect(await opened.store.commit(batchOf(check(1), node('one')))).toMatchObject({ kind: 'committed' });
      const outcomes = await Promise.all([
        opened.store.commit(batchOf(put(1))),
        opened.store.commit(batchOf(check(1), node('two'))),
        opened.store.commit(batchOf(check(3), node('three'))),
      ]);
      expect(outcomes).toMatchObject([
        { kind: 'committed' },
        { kind: 'stale', table: 'node', id: row.id, found: 3 },
        { kind: 'committed' },
      ]);
      expect(opened.store.get('node', row.id)?.version).toBe(3);
    });

    it('happens whole: one stale row, and nothing of it', async () => {
      await using opened = await createTestStore();
      await opened.store.commit(batchOf(node('one')));
      expect(await opened.store.commit(batchOf(node('two'), node('one'), event('never', opened.cluster.orgId)))).toMatchObject({
        kind: 'stale',
      });
      expect([...opened.store.list('node')]).toHaveLength(1);
      expect(await opened.store.listEvents({ orgId: opened.cluster.orgId, limit: 10 })).toEqual([]);
    });

    it('of many at once shares few requests, in the order they came', async () => {
      const gate = createGate();
      await using opened = await createTestStore({ wrap: gate.wrap });
      const row = buildNodeRow('laptop');
      const first = opened.store.commit(batchOf({ kind: 'put', table: 'node', row, expect: 'absent' }));
      const racers = Array.from({ length: 100 }, () => opened.store.commit(batchOf({ kind: 'put', table: 'node', row, expect: 1 })));
      const others = Array.from({ length: 100 }, (_, index) => opened.store.commit(batchOf(event(`${index}`, opened.cluster.orgId))));
      expect(await first).toEqual({ kind: 'committed', revision: 1 });
      expect((await Promise.all(racers)).filter(({ kind }) => kind === 'committed')).toEqual([{ kind: 'committed', revision: 2 }]);
      expect((await Promise.all(others)).map((outcome) => outcome.kind === 'committed' && outcome.revision)).toEqual(
        others.map((_, index) => index + 3),
      );
      expect(gate.batches).toBeLessThanOrEqual(2);
    });

    it('larger than a group travels alone, and whole', async () => {
      await using opened = await createTestStore();
      const many = batchOf(...Array.from({ length: 800 }, (_, index) => event(`${index}`, opened.cluster.orgId)));
      const outcomes = await Promise.all([
        opened.store.commit(batchOf(node('one'))),
        opened.store.commit(many),
        opened.store.commit(batchOf(node('two'))),
      ]);
      expect(outcomes.map((outcome) => outcome.kind === 'committed' && outcome.revision)).toEqual([1, 2, 3]);
      expect(await opened.store.listEvents({ orgId: opened.cluster.orgId, limit: 1000 })).toHaveLength(800);
    });

    it('that the database refuses takes none of its neighbours with it', async () => {
      await using opened = await createTestStore();
      const twin = buildWorkloadRow('twin');
      const workload = (row: typeof twin): Mutation => ({ kind: 'put', table: 'workload', row, expect: 'absent' });
      const outcomes = await Promise.allSettled([
        opened.store.commit(batchOf(node('one'))),
        opened.store.commit(batchOf(workload(twin))),
        opened.store.commit(batchOf(workload({ ...twin, id: entropy.id('wl') as typeof twin.id }))),
        opened.store.commit(batchOf(node('two'))),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
      expect(outcomes[2]).toMatchObject({ reason: { code: 'name_taken' } });
      expect(opened.store.revision).toBe(3);
    });

    it('repeated by its id happens once', async () => {
      await using opened = await createTestStore();
      const batch = batchOf(event('once', opened.cluster.orgId));
      expect(await opened.store.commit(batch)).toEqual(await opened.store.commit(batch));
      expect(await opened.store.listEvents({ orgId: opened.cluster.orgId, limit: 10 })).toHaveLength(1);
    });

    it('beyond the limit of the queue is refused as overloaded, and nothing that was accepted is lost', async () => {
      const gate = createGate();
      await using opened = await createTestStore({ wrap: gate.wrap, queueLimit: 5 });
      const { promise, resolve } = Promise.withResolvers<void>();
      gate.hold = promise;
      const first = opened.store.commit(batchOf(node('first')));
      await Promise.resolve();
      await Promise.resolve();
      const more = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => opened.store.commit(batchOf(node(name))));
      const settled = Promise.allSettled([first, ...more]);
      resolve();
      expect((await settled).map((one) => (one.status === 'fulfilled' ? one.value.kind : (one.reason as { code: string }).code))).toEqual([
        ...Array.from({ length: 6 }, () => 'committed'),
        'overloaded',
        'overloaded',
      ]);
    });

    it('given up while it waits never happens; one in flight is the database\u2019s to tell', async () => {
      const gate = createGate();
      await using opened = await createTestStore({ wrap: gate.wrap });
      const { promise, resolve } = Promise.withResolvers<void>();
      gate.hold = promise;
      const giveUp = new AbortController();
      const inFlight = opened.store.commit(batchOf(node('flies')), giveUp.signal);
      await Promise.resolve();
      await Promise.resolve();
      const waiting = opened.store.commit(batchOf(node('waits')), giveUp.signal).catch((error: unknown) => error);
      giveUp.abort(new Error('given up'));
      expect(await waiting).toMatchObject({ message: 'given up' });
      resolve();
      expect(await inFlight).toMatchObject({ kind: 'committed' });
      await opened.store.commit(batchOf(node('last')));
      expect(Array.from(opened.store.list('node'), ({ row }) => row.name)).toEqual(['flies', 'last']);
    });

    it('by a coordinator that was taken over is refused, and nothing happens', async () => {
      await using opened = await createTestStore();
      await openCluster({ driver: opened.driver, clock: createManualClock(), entropy });
      await expect(opened.store.commit(batchOf(node('late')))).rejects.toMatchObject({
        code: 'store_unavailable',
        message: expect.stringContaining('taken over') as string,
      });
      expect([...(await opened.reopen()).list('node')]).toEqual([]);
    });

    it('after the stop is refused; one before it is finished', async () => {
      await using opened = await createTestStore();
      const last = opened.store.commit(batchOf(node('last')));
      await opened.store.stop();
      expect(await last).toMatchObject({ kind: 'committed' });
      await expect(opened.store.commit(batchOf(node('later')))).rejects.toMatchObject({ code: 'store_unavailable' });
    });
  });

  describe('the change feed', () => {
    it('tells each batch once, in order, with rows before and after', async () => {
      await using opened = await createTestStore();
      const told: CommittedBatch[] = [];
      const stop = opened.store.onCommit((batch) => told.push(batch));
      const row = buildNodeRow('laptop');
      await Promise.all([
        opened.store.commit(batchOf({ kind: 'put', table: 'node', row, expect: 'absent' })),
        opened.store.commit(batchOf({ kind: 'put', table: 'node', row: { ...row, name: 'renamed' }, expect: 1 })),
        opened.store.commit(batchOf({ kind: 'remove', table: 'node', id: row.id, expect: 2 })),
      ]);
      stop();
      await opened.store.commit(batchOf(node('unheard')));
      expect(told.map(({ revision }) => revision)).toEqual([1, 2, 3]);
      expect(told[1]?.changes).toEqual([{ kind: 'put', table: 'node', row: { ...row, name: 'renamed' }, before: row }]);
      expect(told[2]?.changes).toMatchObject([{ kind: 'remove', before: { name: 'renamed' } }]);
      const since = opened.store.changesSince(1);
      expect(since.kind === 'changes' && since.batches.map(({ revision }) => revision)).toEqual([2, 3, 4]);
    });

    it('goes on when a listener throws', async () => {
      await using opened = await createTestStore();
      const told: number[] = [];
      opened.store.onCommit(() => {
        throw new Error('broken listener');
      });
      opened.store.onCommit(({ revision }) => told.push(revision));
      await opened.store.commit(batchOf(node('one')));
      expect(told).toEqual([1]);
    });

    it('says reset for what it no longer keeps, and for what was never', async () => {
      await using opened = await createTestStore({ ringLimit: 4 });
      for (let count = 0; count < 10; count += 1) await opened.store.commit(batchOf(event(`${count}`, opened.cluster.orgId)));
      for (const revision of [0, 5, 11]) expect(opened.store.changesSince(revision)).toEqual({ kind: 'reset' });
      for (const [revision, count] of [
        [6, 4],
        [9, 1],
        [10, 0],
      ] as const) {
        const since = opened.store.changesSince(revision);
        expect(since.kind === 'changes' && since.batches.length).toBe(count);
      }
    });

    it('leaves a pointer in the database for each row, in the batch that changed it', async () => {
      await using opened = await createTestStore();
      await opened.store.commit(batchOf(node('one'), node('two')));
      const { rows } = await opened.driver.query({ sql: "SELECT revision, table_name, op FROM change WHERE table_name = 'node'" });
      expect(rows).toEqual([
        [1, 'node', 'put'],
        [1, 'node', 'put'],
      ]);
    });
  });

  describe('allocations', () => {
    it('are found by workload and by node, and not when they are gone', async () => {
      await using opened = await createTestStore();
      const [web, laptop, pi] = [buildWorkloadRow('web'), buildNodeRow('laptop'), buildNodeRow('pi')];
      const rows = [buildAllocationRow(web, laptop, 0), buildAllocationRow(web, pi, 1)];
      await opened.store.commit(batchOf(...rows.map((row): Mutation => ({ kind: 'put', table: 'allocation', row, expect: 'absent' }))));
      expect(opened.store.allocationsOfWorkload(web.id).map(({ row }) => row.slot)).toEqual([0, 1]);
      expect(opened.store.allocationsOfNode(pi.id).map(({ row }) => row.slot)).toEqual([1]);
      const [, onPi] = rows;
      if (onPi) await opened.store.commit(batchOf({ kind: 'remove', table: 'allocation', id: onPi.id, expect: 1 }));
      expect(opened.store.allocationsOfNode(pi.id)).toEqual([]);
      expect(opened.store.allocationsOfWorkload(web.id)).toHaveLength(1);
    });
  });

  describe('events', () => {
    it('are read newest first, page by page, by node, kind and organisation', async () => {
      await using opened = await createTestStore();
      const { orgId } = opened.cluster;
      const laptop = buildNodeRow('laptop').id;
      await opened.store.commit(
        batchOf(event('1', orgId), event('2', orgId, { nodeId: laptop }), event('3', orgId, { kind: 'node.online' })),
      );
      await opened.store.commit(batchOf(event('4', orgId), event('theirs', entropy.id('org') as OrgId)));
      const list = async (query: Partial<Parameters<typeof opened.store.listEvents>[0]> = {}) =>
        opened.store.listEvents({ orgId, limit: 10, ...query });
      expect((await list()).map(({ message }) => message)).toEqual(['4', '3', '2', '1']);
      const [, last] = await list({ limit: 2 });
      expect((await list({ before: last && { revision: last.revision, id: last.id } })).map(({ message }) => message)).toEqual(['2', '1']);
      expect((await list({ nodeId: laptop })).map(({ message }) => message)).toEqual(['2']);
      expect((await list({ kinds: ['node.online'] })).map(({ message }) => message)).toEqual(['3']);
    });

    it('of a kind that only a later release knows are read by their message, among the others', async () => {
      await using opened = await createTestStore();
      const { orgId } = opened.cluster;
      await opened.store.commit(batchOf(event('first', orgId), event('later', orgId), event('last', orgId)));
      const asLater =
        "UPDATE event SET kind = 'node.dreamt', body = json_set(body, '$.kind', 'node.dreamt', '$.mood', 'calm') WHERE body LIKE '%later%'";
      await opened.driver.batch([{ sql: asLater }], { id: 'later' });
      const [last, later, first] = await opened.store.listEvents({ orgId, limit: 10 });
      expect([first?.message, last?.message]).toEqual(['first', 'last']);
      expect(later).toMatchObject({ kind: 'event.unknown', message: 'later', params: { kind: 'node.dreamt', message: 'later' } });
    });
  });

  describe('retention', () => {
    it('keeps growing tables within their limits under load, hourly, and what is current', async () => {
      const clock = createManualClock();
      await using opened = await createTestStore({ clock, retention: { events: 50, changes: 20 } });
      const { orgId } = opened.cluster;
      const count = async (table: string) => (await opened.driver.query({ sql: `SELECT count(*) FROM ${table}` })).rows[0]?.[0];
      for (let index = 0; index < 300; index += 1) await opened.store.commit(batchOf(event(`${index}`, orgId)));
      expect(await count('event')).toBeLessThan(50 + 50);
      await opened.driver.batch(
        [
          {
            sql: "INSERT INTO idempotency (org_id, key, request_hash, status, response, expires_at) VALUES ('o', 'old', 'h', 200, '{}', ?), ('o', 'new', 'h', 200, '{}', ?)",
            params: [clock.now() - 1, clock.now() + 86_400_000],
          },
        ],
        { id: 'fill' },
      );
      await clock.advance(3_600_000);
      // Waits for the sweep.
      await opened.store.stop();
      expect(await count('event')).toBe(50);
      expect(await count('change')).toBeLessThanOrEqual(20);
      expect((await opened.driver.query({ sql: 'SELECT key FROM idempotency' })).rows).toEqual([['new']]);
      const newest = await opened.store.listEvents({ orgId, limit: 1 });
      expect(newest[0]?.message).toBe('299');
    });
  });
});
