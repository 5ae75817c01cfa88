import { openCluster, type SqlDriver } from '@cloudless/db';
import { createSeededEntropy } from '@cloudless/kernel/testing';
import { describe, expect, it } from 'vitest';
import { openSessions } from '../node-sessions/testing/open-sessions.ts';
import { watchSoleLead } from './sole-lead.ts';

async function open() {
  const opened = await openSessions();
  const { clock, store, cluster } = opened;
  let isAway = false;
  const driver: SqlDriver = {
    ...opened.driver,
    query: (...request) => (isAway ? Promise.reject(new Error('the disk does not answer')) : opened.driver.query(...request)),
  };
  const watch = () => watchSoleLead({ driver, store, clock, token: cluster.token });
  /** Reads of the database answer meanwhile. */
  const pass = async (ms: number) => {
    await clock.advance(ms);
    await opened.settle();
  };
  const setAway = (next: boolean): void => void (isAway = next);
  return { ...opened, watch, pass, setAway, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
}

describe('a coordinator that is alone', () => {
  it('looks up that it leads while something exclusive is there, and only then', async () => {
    await using test = await open();
    const lead = test.watch();
    await test.pass(5000);
    expect(lead.ageMs()).toBe(Infinity);
    await test.place(await test.addNode('laptop'), { exclusive: true });
    await test.pass(0);
    expect(lead.ageMs()).toBe(0);
    await test.pass(500);
    await test.pass(499);
    expect(lead.ageMs()).toBe(499);
    lead.stop();
  });

  it('knows one that is there at its start', async () => {
    await using test = await open();
    await test.place(await test.addNode('laptop'), { exclusive: true });
    const lead = test.watch();
    await test.pass(0);
    expect(lead.ageMs()).toBe(0);
    lead.stop();
  });

  it('is less and less certain while its database does not answer, and certain again when it does', async () => {
    await using test = await open();
    await test.place(await test.addNode('laptop'), { exclusive: true });
    const lead = test.watch();
    await test.pass(0);
    test.setAway(true);
    await test.pass(20_000);
    expect(lead.ageMs()).toBe(20_000);
    test.setAway(false);
    await test.pass(500);
    expect(lead.ageMs()).toBeLessThanOrEqual(500);
    lead.stop();
  });

  it('is certain of nothing once another took over its database', async () => {
    await using test = await open();
    await test.place(await test.addNode('laptop'), { exclusive: true });
    const lead = test.watch();
    await test.pass(0);
    await openCluster({ driver: test.driver, clock: test.clock, entropy: createSeededEntropy(7) });
    await test.pass(500);
    expect(lead.ageMs()).toBe(Infinity);
    await test.pass(5000);
    expect(lead.ageMs()).toBe(Infinity);
    lead.stop();
  });
});
