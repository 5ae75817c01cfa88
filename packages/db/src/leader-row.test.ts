import { createManualClock, createSeededEntropy } from '@cloudless/kernel/testing';
import { describe, expect, it } from 'vitest';
import { readLead, releaseLead, renewLead, takeLead, type LeadClaim, type LeadSeen } from './leader-row.ts';
import { findCluster, foundCluster } from './open-cluster.ts';
import { openSqlite } from './sql/sqlite/open-sqlite.ts';

const clock = createManualClock();
const request = { id: 'a-request', deadlineMs: 1000 };
const claimOf = (name: string): LeadClaim => ({
  holder: name,
  instance: `${name}-1`,
  addresses: [`http://${name}:7600`],
  version: '1.0.0',
});

async function openFounded() {
  const { driver } = await openSqlite({ path: ':memory:', thread: 'inline', clock });
  const entropy = createSeededEntropy(3);
  await foundCluster({ driver, clock, entropy });
  const see = async (): Promise<LeadSeen> => {
    const seen = await readLead(driver);
    if (!seen) throw new Error('the cluster was founded');
    return seen;
  };
  return { driver, entropy, see, [Symbol.asyncDispose]: () => driver.stop() };
}

describe('the lead', () => {
  it('is nobody’s in a cluster that was just founded, and founding twice changes nothing', async () => {
    await using t = await openFounded();
    expect(await t.see()).toEqual({ token: 1, leader: undefined });
    const again = await foundCluster({ driver: t.driver, clock, entropy: t.entropy });
    expect(again).toEqual(await findCluster(t.driver));
    expect(again.token).toBe(1);
  });

  it('is unknown before there is a cluster', async () => {
    const { driver } = await openSqlite({ path: ':memory:', thread: 'inline', clock });
    expect(await readLead(driver)).toBeUndefined();
    await driver.stop();
  });

  it('goes to one of two that saw the same, and raises the token', async () => {
    await using t = await openFounded();
    const seen = await t.see();
    expect(await takeLead(t.driver, seen, claimOf('attic'), request)).toEqual({ kind: 'done' });
    expect(await takeLead(t.driver, seen, claimOf('cellar'), request)).toEqual({ kind: 'refused' });
    expect(await t.see()).toEqual({ token: 2, leader: { ...claimOf('attic'), counter: 1, released: false } });
  });

  it('is not taken from a holder that renewed since it was seen', async () => {
    await using t = await openFounded();
    await takeLead(t.driver, await t.see(), claimOf('attic'), request);
    const seen = await t.see();
    expect(await renewLead(t.driver, 2, request)).toEqual({ kind: 'done' });
    expect(await takeLead(t.driver, seen, claimOf('cellar'), request)).toEqual({ kind: 'refused' });
    expect(await takeLead(t.driver, await t.see(), claimOf('cellar'), request)).toEqual({ kind: 'done' });
    expect((await t.see()).leader).toMatchObject({ holder: 'cellar', counter: 3 });
  });

  it('is not renewed, and not given away, by a holder that was replaced', async () => {
    await using t = await openFounded();
    await takeLead(t.driver, await t.see(), claimOf('attic'), request);
    await takeLead(t.driver, await t.see(), claimOf('cellar'), request);
    const before = await t.see();
    expect(await renewLead(t.driver, 2, request)).toEqual({ kind: 'refused' });
    expect(await releaseLead(t.driver, 2, request)).toEqual({ kind: 'refused' });
    expect(await t.see()).toEqual(before);
  });

  it('says that it was given away, until it is taken again', async () => {
    await using t = await openFounded();
    await takeLead(t.driver, await t.see(), claimOf('attic'), request);
    expect(await releaseLead(t.driver, 2, request)).toEqual({ kind: 'done' });
    const released = await t.see();
    expect(released.leader).toMatchObject({ holder: 'attic', released: true });
    await takeLead(t.driver, released, claimOf('cellar'), request);
    expect((await t.see()).leader).toMatchObject({ holder: 'cellar', released: false });
  });

  it('reports a database that is away as unanswered', async () => {
    await using t = await openFounded();
    await t.driver.stop();
    expect(await renewLead(t.driver, 1, request)).toMatchObject({ kind: 'unanswered' });
  });
});
