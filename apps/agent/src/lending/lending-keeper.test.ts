import { createManualClock, createMemoryLogger } from '@cloudless/kernel/testing';
import type { LendingRule } from '@cloudless/proto';
import { expect, it } from 'vitest';
import { MOVE_GRACE_MS, startLendingKeeper, type LendingKeeperDeps, type SensedFacts } from './lending-keeper.ts';

const MAINS: SensedFacts = { power: { source: 'mains' }, link: { type: 'wired' } };
const BATTERY: SensedFacts = { power: { source: 'battery' }, link: { type: 'wired' } };
const NOON = { weekday: 3, minute: 720 };

function start(rule: LendingRule, deps: Partial<LendingKeeperDeps> = {}) {
  const clock = createManualClock();
  const logger = createMemoryLogger();
  const saved: LendingRule[] = [];
  const seen = { changes: 0 };
  const keeper = startLendingKeeper({
    rule,
    save: (next) => Promise.resolve(void saved.push(next)),
    facts: () => Promise.resolve(MAINS),
    localTime: () => NOON,
    onChange: () => (seen.changes += 1),
    clock,
    logger,
    ...deps,
  });
  return { keeper, clock, logger, saved, seen };
}

it('takes a pause at once, while sensors hang and the disk is full', async () => {
  const hang = Promise.withResolvers<SensedFacts>();
  let looks = 0;
  const { keeper, clock } = start(
    { mainsOnly: true },
    {
      facts: () => ((looks += 1) === 1 ? Promise.resolve(MAINS) : hang.promise),
      save: () => Promise.reject(new Error('ENOSPC')),
    },
  );
  const lending = await keeper;
  const set = lending.setRule({ mainsOnly: true, pausedAt: 1 });
  expect(lending.withheld()?.message).toContain('took the device back');
  await expect(set).rejects.toThrow('ENOSPC');
  expect(lending.rule).toEqual({ mainsOnly: true, pausedAt: 1 });
  await clock.advance(5_000);
  lending.stop();
});

it('stores a rule again that could not be stored, though it already counts', async () => {
  const tries: LendingRule[] = [];
  const save = (rule: LendingRule): Promise<void> =>
    tries.push(rule) === 1 ? Promise.reject(new Error('ENOSPC')) : Promise.resolve(undefined);
  const lending = await start({}, { save }).keeper;
  await expect(lending.setRule({ mainsOnly: true })).rejects.toThrow('ENOSPC');
  await lending.setRule({ mainsOnly: true });
  await lending.setRule({ mainsOnly: true });
  expect(tries).toHaveLength(2);
  lending.stop();
});

it('goes by what the sensors last said when they fail, and by a resumed rule all the same', async () => {
  const answers = [Promise.resolve(BATTERY), Promise.reject(new Error('no bus')), Promise.reject(new Error('no bus'))];
  for (const answer of answers) answer.catch(() => undefined);
  const { keeper, logger } = start({ mainsOnly: true }, { facts: () => answers.shift() ?? Promise.resolve(MAINS) });
  const lending = await keeper;
  expect(lending.verdict.state).toBe('withheld');
  await lending.setRule({ mainsOnly: true, pausedAt: 1 });
  expect(lending.verdict).toMatchObject({ causes: [{ code: 'paused' }, { code: 'mains' }] });
  await lending.setRule({ idleMinutes: 5 });
  expect(lending.verdict.state).toBe('lending');
  expect(logger.events.filter(({ op }) => op === 'lending.look')).toHaveLength(2);
  lending.stop();
});

it('gives up sensors that hang, and judges without them', async () => {
  const { keeper, clock, logger } = start({ mainsOnly: true, pausedAt: 1 }, { facts: () => new Promise(() => undefined) });
  await clock.advance(5_000);
  const lending = await keeper;
  expect(lending.verdict.state).toBe('withheld');
  expect(logger.events.find(({ op }) => op === 'lending.look')).toMatchObject({ outcome: 'failed' });
  lending.stop();
});

it('sees within a minute that the clock of the device was set', async () => {
  let local = NOON;
  const { keeper, clock } = start(
    { hours: [{ days: [1, 2, 3, 4, 5, 6, 7], fromMinute: 600, untilMinute: 1200 }] },
    { localTime: () => local },
  );
  const lending = await keeper;
  expect(lending.verdict.state).toBe('lending');
  local = { weekday: 3, minute: 1300 };
  await clock.advance(60_000);
  expect(lending.verdict).toMatchObject({ state: 'withheld', causes: [{ code: 'hours' }] });
  lending.stop();
});

it('lets what runs be moved for a minute after ceilings or projects change, and says when that is over', async () => {
  const { keeper, clock, seen } = start({});
  const lending = await keeper;
  expect(lending.isMoving).toBe(false);
  await lending.setRule({ memoryBytes: 2 ** 30 });
  expect(lending.isMoving).toBe(true);
  const told = seen.changes;
  await clock.advance(MOVE_GRACE_MS - 1);
  expect([lending.isMoving, seen.changes]).toEqual([true, told]);
  await clock.advance(1);
  expect([lending.isMoving, seen.changes]).toEqual([false, told + 1]);
  lending.stop();
});

it('looks once more for everything that is asked while it looks', async () => {
  let looks = 0;
  const first = Promise.withResolvers<SensedFacts>();
  const { keeper } = start({ mainsOnly: true }, { facts: () => ((looks += 1) === 2 ? first.promise : Promise.resolve(MAINS)) });
  const lending = await keeper;
  for (let asked = 0; asked < 5; asked += 1) lending.judgeNow();
  const set = lending.setRule({ mainsOnly: true, idleMinutes: 5 });
  first.resolve(MAINS);
  await set;
  expect(looks).toBe(3);
  lending.stop();
});

it('asks no sensor for a rule that needs none, however often the network changes', async () => {
  let looks = 0;
  const { keeper, clock } = start({}, { facts: () => ((looks += 1), Promise.resolve(BATTERY)) });
  const lending = await keeper;
  lending.judgeNow();
  await clock.advance(60_000);
  expect(looks).toBe(0);
  await lending.setRule({ mainsOnly: true });
  expect([looks, lending.verdict.state]).toEqual([1, 'withheld']);
  await lending.setRule({});
  expect([looks, lending.verdict.state]).toEqual([1, 'lending']);
  lending.stop();
});
