import { createManualClock, createSeededEntropy } from '@cloudless/kernel/testing';
import type { BatchId } from '@cloudless/proto';
import { buildNodeRow, buildWorkloadRow } from '@cloudless/proto/testing';
import { describe, expect, it } from 'vitest';
import { createGuardedWriter } from '../sql/guarded-writer.ts';
import { createTestStore as createStoreOn, type TestStore, type TestStoreOptions } from '../testing/create-test-store.ts';
import { describeEachDatabase } from '../testing/describe-databases.ts';
import { advanceUntil } from '../testing/test-databases.ts';
import { createLossyDriver, type Loss, type LossyDriver } from '../testing/lossy-driver.ts';
import type { Mutation, WriteBatch } from './store.ts';

const entropy = createSeededEntropy(11);
const node = (name: string): WriteBatch => ({
  id: entropy.id('batch') as BatchId,
  mutations: [{ kind: 'put', table: 'node', row: buildNodeRow(name), expect: 'absent' }],
});
const names = (store: TestStore['store']): string[] => Array.from(store.list('node'), ({ row }) => row.name);

describeEachDatabase((_name, openDatabase) => {
  const createTestStore = (options: TestStoreOptions = {}): ReturnType<typeof createStoreOn> => createStoreOn({ openDatabase, ...options });

  /** A store whose requests are lost as `losses` says, one entry a request; what settles them is lost as `voidLosses` says. */
  async function openLossy(losses: (Loss | undefined)[], voidLosses: (Loss | undefined)[] = []) {
    const clock = createManualClock();
    let lossy: LossyDriver | undefined;
    const opened = await createTestStore({
      clock,
      wrap(driver) {
        lossy = createLossyDriver(driver, (id) => (id.startsWith('void-') ? voidLosses : losses).shift());
        return lossy;
      },
    });
    if (!lossy) throw new Error('the driver was not wrapped');
    return { ...opened, clock, lossy, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
  }

  describe('an answer that is lost', () => {
    it('of a change that happened is answered as committed, and the change is readable', async () => {
      await using opened = await openLossy(['happened']);
      expect(await opened.store.commit(node('laptop'))).toEqual({ kind: 'committed', revision: 1 });
      expect(names(opened.store)).toEqual(['laptop']);
      expect(names(await opened.reopen())).toEqual(['laptop']);
    });

    it('of a change that never happened is voided and done again', async () => {
      await using opened = await openLossy(['never', 'never']);
      expect(await opened.store.commit(node('laptop'))).toEqual({ kind: 'committed', revision: 1 });
      expect(names(await opened.reopen())).toEqual(['laptop']);
    });

    it('is given up after three voided tries, with what is known', async () => {
      await using opened = await openLossy(['never', 'never', 'never']);
      await expect(opened.store.commit(node('laptop'))).rejects.toMatchObject({
        code: 'store_unavailable',
        message: expect.stringContaining('did not happen') as string,
      });
      expect(names(await opened.reopen())).toEqual([]);
      expect(await opened.store.commit(node('next'))).toEqual({ kind: 'committed', revision: 1 });
    });

    it('of a request that comes late changes nothing: it was voided', async () => {
      await using opened = await openLossy(['late']);
      expect(await opened.store.commit(node('laptop'))).toEqual({ kind: 'committed', revision: 1 });
      expect(await opened.lossy.deliverLate()).toMatchObject([{ kind: 'failed', failure: { kind: 'constraint' } }]);
      expect(names(await opened.reopen())).toEqual(['laptop']);
      expect((await opened.reopen()).revision).toBe(1);
    });

    it('even twice, of the change and of what settles it, is settled', async () => {
      await using opened = await openLossy(['happened'], ['never', 'happened']);
      const committing = opened.store.commit(node('laptop'));
      expect(await advanceUntil(opened.clock, committing)).toEqual({ kind: 'committed', revision: 1 });
    });

    it('that nobody can settle is told as unknown; nothing is written until it is known, and then it is there', async () => {
      const forever = Array.from({ length: 6 }, (): Loss => 'never');
      await using opened = await openLossy(['happened'], [...forever, ...forever]);
      const unknown = opened.store.commit(node('maybe')).catch((error: unknown) => error);
      expect(await advanceUntil(opened.clock, unknown)).toMatchObject({ code: 'outcome_unknown' });
      expect(names(opened.store)).toEqual([]);
      const refused = opened.store.commit(node('next')).catch((error: unknown) => error);
      expect(await advanceUntil(opened.clock, refused)).toMatchObject({ code: 'store_unavailable' });
      const told: number[] = [];
      opened.store.onCommit(({ revision }) => told.push(revision));
      expect(await opened.store.commit(node('last'))).toEqual({ kind: 'committed', revision: 2 });
      expect(names(opened.store)).toEqual(['maybe', 'last']);
      expect(told).toEqual([1, 2]);
      expect(names(await opened.reopen())).toEqual(['maybe', 'last']);
    });

    it('and that turns out to be stored makes stale what was decided without it', async () => {
      const forever = Array.from({ length: 6 }, (): Loss => 'never');
      await using opened = await openLossy(['happened'], forever);
      const unknown = opened.store.commit(node('maybe')).catch((error: unknown) => error);
      await advanceUntil(opened.clock, unknown);
      const { revision } = opened.store;
      const [decided, guarded] = [opened.store.commit({ ...node('instead'), basedOn: revision }), opened.store.commit(node('beside'))];
      expect(await decided).toMatchObject({ kind: 'stale', table: 'node', expected: 0, found: 1 });
      expect(await guarded).toEqual({ kind: 'committed', revision: 2 });
      expect(names(opened.store)).toEqual(['maybe', 'beside']);
      const again = await opened.store.commit({ ...node('again'), basedOn: opened.store.revision });
      expect(again).toEqual({ kind: 'committed', revision: 3 });
    });

    it('of one member of a broken group, that nobody can settle, stops those behind it', async () => {
      // The group fails at the twin; its members then go one by one, and the answers to the first two of them are lost for long.
      const unsettled = Array.from({ length: 12 }, (): Loss => 'never');
      await using opened = await openLossy([undefined, 'happened', 'never'], unsettled);
      const twin = buildWorkloadRow('twin');
      const workload = (id: string): WriteBatch => ({
        id: entropy.id('batch') as BatchId,
        mutations: [{ kind: 'put', table: 'workload', row: { ...twin, id: id as typeof twin.id }, expect: 'absent' } satisfies Mutation],
      });
      const members = [
        opened.store.commit(node('first')),
        opened.store.commit(workload(twin.id)),
        opened.store.commit(workload(entropy.id('wl'))),
      ];
      const settled = Promise.allSettled(members);
      await advanceUntil(opened.clock, settled);
      unsettled.splice(0);
      expect((await settled).map((one) => one.status === 'rejected' && (one.reason as { code: string }).code)).toEqual([
        'outcome_unknown',
        'store_unavailable',
        'store_unavailable',
      ]);
      expect(await opened.store.commit(node('last'))).toEqual({ kind: 'committed', revision: 2 });
      expect(names(opened.store)).toEqual(['first', 'last']);
    });
  });

  describe('a guarded write', () => {
    it('says that it was stored when its answer was lost, and that it was not when it never came', async () => {
      const losses: Loss[] = ['happened', 'never'];
      await using opened = await createTestStore();
      const driver = createLossyDriver(opened.driver, (id) => (id.startsWith('void-') ? undefined : losses.shift()));
      const writer = createGuardedWriter({ driver, clock: createManualClock(), entropy, token: opened.cluster.token });
      const put = (name: string) => ({
        sql: 'INSERT INTO setting (org_id, name, value, updated_at) VALUES (?, ?, 1, 1)',
        params: [opened.cluster.orgId, name],
      });
      expect(await writer.write([put('one')])).toEqual({ kind: 'committed' });
      await expect(writer.write([put('two')])).rejects.toMatchObject({ code: 'store_unavailable' });
      expect((await opened.driver.query({ sql: 'SELECT name FROM setting' })).rows).toEqual([['one']]);
    });

    it('counts the statements of its caller when one fails, and is fenced by a newer token', async () => {
      await using opened = await createTestStore();
      const clock = createManualClock();
      const writer = createGuardedWriter({ driver: opened.driver, clock, entropy, token: opened.cluster.token });
      const bad = { sql: 'INSERT INTO setting (org_id, name, value, updated_at) VALUES (NULL, 1, 1, 1)' };
      expect(await writer.write([{ sql: 'DELETE FROM setting' }, bad])).toMatchObject({ kind: 'failed', statement: 1 });
      const older = createGuardedWriter({ driver: opened.driver, clock, entropy, token: opened.cluster.token - 1 });
      expect(await older.write([{ sql: 'DELETE FROM setting' }])).toEqual({ kind: 'fenced' });
    });
  });
});
