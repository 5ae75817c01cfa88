import { createSeededEntropy } from '@cloudless/kernel/testing';
import type { BatchId, NodeId, NodeRow } from '@cloudless/proto';
import { buildNodeRow } from '@cloudless/proto/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTestStore as createStoreOn, type TestStoreOptions } from '../testing/create-test-store.ts';
import { describeEachDatabase } from '../testing/describe-databases.ts';
import { createLossyDriver, type Loss } from '../testing/lossy-driver.ts';
import type { CommitOutcome, Mutation, Store, WriteBatch } from './store.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'];

/** A write of one row, as its writer last saw it, or as it never was. */
type Wish = { readonly name: string; readonly kind: 'put' | 'remove'; readonly sees: 'newest' | 'old' | 'absent'; readonly label: number };
type ModelRow = { readonly version: number; readonly label: number };
type Model = { readonly rows: Map<string, ModelRow>; revision: number };

const wish = fc.record({
  name: fc.constantFrom(...NAMES),
  kind: fc.constantFrom('put' as const, 'put' as const, 'remove' as const),
  sees: fc.constantFrom('newest' as const, 'newest' as const, 'old' as const, 'absent' as const),
  label: fc.nat({ max: 1000 }),
});
const batch = fc.uniqueArray(wish, { selector: ({ name }) => name, minLength: 1, maxLength: 3 });
/** Batches of one round are committed at once; rounds follow each other. */
const rounds = fc.array(fc.array(batch, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 8 });
/** Two in a row at most: a third would be given up, and says so. */
const losses = fc.array(fc.constantFrom<Loss | undefined>(undefined, undefined, undefined, 'happened', 'never', 'late'), { maxLength: 20 });

const rowOf = ({ name, label }: Wish): NodeRow => buildNodeRow(name, { labels: { label: `v${label}` } });

function expectOf({ name, sees }: Wish, model: Model): number | 'absent' {
  const found = model.rows.get(name)?.version;
  if (sees === 'absent') return 'absent';
  return sees === 'newest' ? (found ?? 'absent') : (found ?? 1) - 1;
}

function toMutation(wanted: Wish, expected: number | 'absent'): Mutation {
  const row = rowOf(wanted);
  if (wanted.kind === 'put') return { kind: 'put', table: 'node', row, expect: expected };
  return { kind: 'remove', table: 'node', id: row.id, expect: expected === 'absent' ? 0 : expected };
}

/** What the batch comes to, one by one and in the order of the calls. */
function applyToModel(wishes: readonly Wish[], mutations: readonly Mutation[], model: Model): CommitOutcome['kind'] {
  const isStale = mutations.some((mutation, index) => {
    const found = model.rows.get(wishes[index]?.name ?? '')?.version ?? 'absent';
    return mutation.kind !== 'event' && mutation.expect !== found;
  });
  if (isStale) return 'stale';
  model.revision += 1;
  for (const { name, kind, label } of wishes) {
    if (kind === 'put') model.rows.set(name, { version: model.revision, label });
    else model.rows.delete(name);
  }
  return 'committed';
}

function expectAgreement(store: Store, model: Model): void {
  const rows = new Map(
    Array.from(store.list('node'), ({ row, version }) => [row.name, { version, label: Number(row.labels['label']?.slice(1)) }]),
  );
  expect(rows).toEqual(model.rows);
  expect(store.revision).toBe(model.revision);
  for (const name of NAMES) expect(store.get('node', buildNodeRow(name).id as NodeId)?.version).toBe(model.rows.get(name)?.version);
}

describeEachDatabase((database, openDatabase) => {
  const createTestStore = (options: TestStoreOptions = {}): ReturnType<typeof createStoreOn> => createStoreOn({ openDatabase, ...options });

  describe('the store', () => {
    it('does what a list of batches done one by one would do, whatever is concurrent and whatever answers are lost', async () => {
      await fc.assert(
        fc.asyncProperty(rounds, losses, async (allRounds, allLosses) => {
          let lostInARow = 0;
          const decide = (id: string): Loss | undefined => {
            const loss = id.startsWith('void-') || lostInARow >= 2 ? undefined : allLosses.shift();
            if (!id.startsWith('void-')) lostInARow = loss === undefined ? 0 : lostInARow + 1;
            return loss;
          };
          const drivers: { deliverLate(): Promise<unknown> }[] = [];
          await using opened = await createTestStore({
            wrap(driver) {
              const lossy = createLossyDriver(driver, decide);
              drivers.push(lossy);
              return lossy;
            },
          });
          const entropy = createSeededEntropy(3);
          const model: Model = { rows: new Map(), revision: 0 };
          const told: number[] = [];
          opened.store.onCommit(({ revision }) => told.push(revision));
          for (const round of allRounds) {
            const seen: Model = { rows: new Map(model.rows), revision: model.revision };
            const wanted: CommitOutcome['kind'][] = [];
            const outcomes = round.map((wishes) => {
              const mutations = wishes.map((one) => toMutation(one, expectOf(one, seen)));
              wanted.push(applyToModel(wishes, mutations, model));
              const write: WriteBatch = { id: entropy.id('batch') as BatchId, mutations };
              return opened.store.commit(write);
            });
            expect((await Promise.all(outcomes)).map(({ kind }) => kind)).toEqual(wanted);
            expectAgreement(opened.store, model);
          }
          for (const driver of drivers) await driver.deliverLate();
          expect(told).toEqual(Array.from({ length: model.revision }, (_, index) => index + 1));
          const again = await opened.reopen();
          expectAgreement(again, model);
          await again.stop();
        }),
        { numRuns: database === 'SQLite' ? 150 : 30 },
      );
    }, 60_000);
  });
});
