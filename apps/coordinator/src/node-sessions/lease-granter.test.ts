import { fencedAfterMs, type AllocationRow, type NodeRow } from '@cloudless/proto';
import { describe, expect, it } from 'vitest';
import { createCrashPoint } from '../crash-points.ts';
import { createLeaseGranter } from './lease-granter.ts';
import { openSessions } from './testing/open-sessions.ts';

const EXCLUSIVE = { exclusive: true, disconnect: { stopAfterMs: 20_000 }, terminationGraceMs: 3000 };

async function open(options: { readonly leadAgeMs?: () => number } = {}) {
  const opened = await openSessions(options);
  const laptop = await opened.addNode('laptop');
  const held = await opened.place(laptop, EXCLUSIVE);
  const put = async (row: AllocationRow | NodeRow, table: 'allocation' | 'node') => {
    const expected = { expect: opened.store.get(table, row.id as never)?.version ?? 0 };
    await opened.commit({ kind: 'put', table, row, ...expected } as never);
  };
  return { opened, laptop, held, put, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
}

describe('a device that asks for a lease', () => {
  it('is given the length that the app asks for, and the replica counts as running until that, drift, grace and a kill are over', async () => {
    await using test = await open();
    const { opened, laptop, held } = test;
    const link = await opened.connect(laptop);
    expect(opened.sessions.leaseLeftMs(held.id)).toBeLessThanOrEqual(0);
    link.agent.send({ kind: 'heartbeat', sequence: 7, allocations: [], leases: [held.id] });
    await opened.settle();
    expect(link.heard.at(-1)).toEqual({ kind: 'heartbeatAck', sequence: 7, leases: [{ allocationId: held.id, leaseMs: 20_000 }] });
    expect(opened.sessions.leaseLeftMs(held.id)).toBe(fencedAfterMs(held.spec));
    expect(fencedAfterMs(held.spec)).toBe(20_400 + 3000 + 5000);
    await opened.pass(28_400);
    expect(opened.sessions.leaseLeftMs(held.id)).toBe(0);
  });

  it('gets none for what was told to stop, what is another’s, what is not exclusive, or what is not there', async () => {
    await using test = await open();
    const { opened, laptop, held, put } = test;
    const pi = await opened.addNode('pi');
    const theirs = await opened.place(pi, EXCLUSIVE);
    const plain = await opened.place(laptop);
    await put({ ...held, desired: 'stopped', desiredGeneration: 2 }, 'allocation');
    const link = await opened.connect(laptop);
    link.agent.send({ kind: 'heartbeat', sequence: 1, allocations: [], leases: [held.id, theirs.id, plain.id] });
    await opened.settle();
    expect(link.heard.at(-1)).toEqual({ kind: 'heartbeatAck', sequence: 1 });
    expect(opened.sessions.leaseLeftMs(held.id)).toBeLessThanOrEqual(0);
  });

  it('gets one that counts from when the coordinator led for certain, or none', async () => {
    let ageMs = Infinity;
    await using test = await open({ leadAgeMs: () => ageMs });
    const { opened, laptop, held } = test;
    const link = await opened.connect(laptop);
    const ask = async (sequence: number) => {
      link.agent.send({ kind: 'heartbeat', sequence, allocations: [], leases: [held.id] });
      await opened.settle();
      return link.heard.at(-1);
    };
    expect(await ask(1)).toEqual({ kind: 'heartbeatAck', sequence: 1 });
    ageMs = 400;
    expect(await ask(2)).toMatchObject({ leases: [{ allocationId: held.id, leaseMs: 19_600 }] });
    ageMs = 20_000;
    expect(await ask(3)).toEqual({ kind: 'heartbeatAck', sequence: 3 });
  });

  it('gets none once it was removed from the cluster', async () => {
    await using test = await open();
    const { opened, laptop, held, put } = test;
    const { store, clock } = opened;
    const granter = createLeaseGranter({ store, clock, leadAgeMs: () => 0 });
    expect(granter.grant(laptop.id, [held.id])).toHaveLength(1);
    await put({ ...laptop, revokedAt: clock.now() }, 'node');
    expect(granter.grant(laptop.id, [held.id])).toEqual([]);
    granter.stop();
  });
});

describe('a device that is shut down', () => {
  const leave = (released: AllocationRow['id'][]) =>
    ({ kind: 'leave', reason: 'the device is shut down', why: 'shutdown', released }) as const;

  it('gives back the leases of what ended there, and of nothing else', async () => {
    await using test = await open();
    const { opened, laptop, held } = test;
    const kept = await opened.place(laptop, EXCLUSIVE);
    const pi = await opened.addNode('pi');
    const theirs = await opened.place(pi, EXCLUSIVE);
    const [link, other] = [await opened.connect(laptop), await opened.connect(pi)];
    link.agent.send({ kind: 'heartbeat', sequence: 1, allocations: [], leases: [held.id, kept.id] });
    other.agent.send({ kind: 'heartbeat', sequence: 1, allocations: [], leases: [theirs.id] });
    await opened.settle();
    link.agent.send(leave([held.id, theirs.id]));
    await opened.settle();
    expect(opened.sessions.leaseLeftMs(held.id)).toBeLessThanOrEqual(0);
    expect(opened.sessions.leaseLeftMs(kept.id)).toBeGreaterThan(0);
    expect(opened.sessions.leaseLeftMs(theirs.id)).toBeGreaterThan(0);
  });
});

describe('a new leader', () => {
  it.each(['lease.beforeGrant', 'lease.afterGrant'] as const)(
    'after one that died at %s counts no less than the dead one may have promised',
    async (point) => {
      await using test = await open();
      const { opened, laptop, held } = test;
      const { store, clock } = opened;
      const crashPoint = createCrashPoint(point, () => {
        throw new Error('died');
      });
      // Placed after its start: no grant is known of it.
      const dying = createLeaseGranter({ store, clock, leadAgeMs: () => 0, crashPoint });
      const later = await opened.place(laptop, EXCLUSIVE);
      expect(() => dying.grant(laptop.id, [later.id])).toThrow('died');
      const next = createLeaseGranter({ store, clock, leadAgeMs: () => 0 });
      for (const id of [held.id, later.id])
        expect(next.leftMs(id)).toBeGreaterThanOrEqual(Math.max(dying.leftMs(id), fencedAfterMs(held.spec)));
      dying.stop();
      next.stop();
    },
  );

  it('counts every exclusive replica that is there as granted at its start', async () => {
    await using test = await open();
    const { opened, held } = test;
    const { store, clock } = opened;
    const granter = createLeaseGranter({ store, clock, leadAgeMs: () => 0 });
    expect(granter.leftMs(held.id)).toBe(fencedAfterMs(held.spec));
    await clock.advance(fencedAfterMs(held.spec));
    expect(granter.leftMs(held.id)).toBe(0);
    // What comes later never had a lease of another leader.
    const later = await opened.place(await opened.addNode('pi'), EXCLUSIVE);
    expect(granter.leftMs(later.id)).toBeLessThanOrEqual(0);
    granter.stop();
  });
});
