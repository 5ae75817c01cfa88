import { createManualClock, createSeededEntropy } from '@cloudless/kernel/testing';
import { expect, it } from 'vitest';
import { createTestStore } from '../testing/index.ts';
import type { SqlDriver, Statement } from './driver.ts';
import { createGroupedWriter } from './grouped-writer.ts';
import { createGuardedWriter, guardThat } from './guarded-writer.ts';

const setting = (name: string, value = 'x'): Statement => ({
  sql: 'INSERT INTO setting (org_id, name, value, updated_at) VALUES (?, ?, ?, 1)',
  params: ['org', name, value],
});

async function open(token?: number) {
  const clock = createManualClock();
  const entropy = createSeededEntropy(9);
  const test = await createTestStore({ clock, entropy });
  let requests = 0;
  const driver: SqlDriver = {
    ...test.driver,
    batch(statements, options) {
      requests += 1;
      return test.driver.batch(statements, options);
    },
  };
  const writer = createGroupedWriter(createGuardedWriter({ driver, clock, entropy, token: token ?? test.cluster.token }));
  return {
    writer,
    countRequests: () => requests,
    names: async () => (await test.driver.query({ sql: "SELECT name FROM setting WHERE name LIKE 't-%' ORDER BY name" })).rows.flat(),
    [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
  };
}

it('writes that come together share a request, and each has its own answer', async () => {
  await using test = await open();
  const outcomes = await Promise.all(
    ['t-a', 't-b', 't-c'].map((name) =>
      test.writer.write([setting(name), { sql: 'UPDATE setting SET value = ? WHERE name = ?', params: ['y', name] }]),
    ),
  );
  expect(outcomes.map((outcome) => (outcome.kind === 'committed' ? outcome.results?.map(({ changes }) => changes) : outcome))).toEqual([
    [1, 1],
    [1, 1],
    [1, 1],
  ]);
  expect(test.countRequests()).toBe(1);
  expect(await test.names()).toEqual(['t-a', 't-b', 't-c']);
});

it('one that fails, fails alone, and whole; of two that want the same, the first has it', async () => {
  await using test = await open();
  const isFree = guardThat("(SELECT count(*) = 0 FROM setting WHERE name = 't-one')");
  const outcomes = await Promise.all([
    test.writer.write([setting('t-a')]),
    test.writer.write([isFree, setting('t-one', 'first')]),
    test.writer.write([setting('t-half'), isFree, setting('t-one', 'second')]),
    test.writer.write([setting('t-z')]),
  ]);
  expect(outcomes.map(({ kind }) => kind)).toEqual(['committed', 'committed', 'failed', 'committed']);
  expect(outcomes[2]).toMatchObject({ failure: { kind: 'constraint' }, statement: 1 });
  expect(await test.names()).toEqual(['t-a', 't-one', 't-z']);
});

it('after another coordinator took over, nothing of a group is written', async () => {
  await using test = await open(-1);
  const outcomes = await Promise.all([test.writer.write([setting('t-a')]), test.writer.write([setting('t-b')])]);
  expect(outcomes).toEqual([{ kind: 'fenced' }, { kind: 'fenced' }]);
  expect(await test.names()).toEqual([]);
});

it('while a request is on its way, the next gathers', async () => {
  await using test = await open();
  const first = test.writer.write([setting('t-0')]);
  await Promise.resolve();
  await Promise.resolve();
  const others = Array.from({ length: 20 }, (_, index) => test.writer.write([setting(`t-${index + 1}`)]));
  const outcomes = await Promise.all([first, ...others]);
  expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['committed']));
  expect(test.countRequests()).toBe(2);
});
