import { LINK_PROTOCOL, type AllocationRow, type CoordinatorMessage } from '@cloudless/proto';
import { buildFingerprint, buildObserved } from '@cloudless/proto/testing';
import { describe, expect, it } from 'vitest';
import { openSessions } from './testing/open-sessions.ts';

/** The revisions that a list of messages leads through, or where it breaks. */
function followChain(messages: readonly CoordinatorMessage[]): number | string {
  let at: number | undefined;
  for (const message of messages) {
    if (message.kind === 'complete') at = message.revision;
    if (message.kind !== 'incremental') continue;
    if (message.appliesTo !== at) return `a change applies to ${message.appliesTo}, and ${at} was held`;
    at = message.resultsIn;
  }
  return at ?? 'nothing was told';
}

describe('a session', () => {
  it('begins with the welcome and everything that the device should hold, then tells each change of its own, chained', async () => {
    await using opened = await openSessions();
    const [laptop, pi] = [await opened.addNode('laptop'), await opened.addNode('pi')];
    const held = await opened.place(laptop);
    const link = await opened.connect(laptop);
    // The owner's rule comes before anything could be started against it.
    expect(link.kinds().slice(0, 3)).toEqual(['welcome', 'lending', 'complete']);
    expect(link.heard[2]).toMatchObject({
      assignments: [{ allocationId: held.id }],
      epoch: opened.cluster.epoch,
      token: opened.cluster.token,
    });
    await opened.place(pi);
    const second = await opened.place(laptop);
    await opened.addNode('other');
    await opened.commit({
      kind: 'remove',
      table: 'allocation',
      id: held.id,
      expect: opened.store.get('allocation', held.id)?.version ?? 0,
    });
    await opened.settle();
    const changes = link.heard.flatMap((message) => (message.kind === 'incremental' ? message.changes : []));
    expect(changes).toMatchObject([
      { kind: 'put', assignment: { allocationId: second.id } },
      { kind: 'remove', allocationId: held.id },
    ]);
    expect(followChain(link.heard)).toBe(opened.store.revision);
  });

  it('with an agent of the release before says nothing that it would not know', async () => {
    await using opened = await openSessions({ addresses: () => ['10.0.0.1:7600'] });
    const laptop = await opened.addNode('laptop', { lending: { mainsOnly: true, storageBytes: 2 ** 30 } });
    const old = await opened.connect(laptop, { protocol: LINK_PROTOCOL - 1 });
    await opened.place(laptop, { resources: { requests: { storageBytes: 2 ** 30 }, limits: { storageBytes: 2 ** 31 } } });
    await opened.settle();
    expect(old.kinds()).toEqual(['welcome', 'lending', 'complete', 'addresses', 'incremental']);
    const said = JSON.stringify(old.said);
    expect(said).toContain('"image":"example/web:1"');
    expect(said).toContain('"rule":{"mainsOnly":true}');
    expect(said).not.toContain('exclusive');
    expect(said).not.toContain('disconnect');
    expect(said).not.toContain('storageBytes');
    const pi = await opened.addNode('pi');
    await opened.place(pi);
    const current = await opened.connect(pi);
    expect(JSON.stringify(current.said)).toContain('"exclusive":false');
  });

  it('tells nothing of what only the device itself reported', async () => {
    await using opened = await openSessions();
    const laptop = await opened.addNode('laptop');
    const held = await opened.place(laptop);
    const link = await opened.connect(laptop);
    link.agent.send({ kind: 'report', reports: [{ allocationId: held.id, observed: buildObserved() }] });
    await opened.settle();
    expect(opened.store.get('allocation', held.id)?.row.observed.phase).toBe('running');
    expect(link.kinds()).not.toContain('incremental');
  });

  it('tells everything anew when the device missed something', async () => {
    await using opened = await openSessions();
    const laptop = await opened.addNode('laptop');
    const held = await opened.place(laptop);
    const link = await opened.connect(laptop);
    link.agent.send({ kind: 'resync', reason: 'a gap: 3 is held, the change applies to 5' });
    await opened.settle();
    expect(link.kinds().filter((kind) => kind === 'complete')).toHaveLength(2);
    await opened.place(laptop);
    await opened.settle();
    expect(followChain(link.heard)).toBe(opened.store.revision);
    expect(link.heard.at(-1)).toMatchObject({ kind: 'incremental', changes: [{ kind: 'put' }] });
    expect(held.id).toBe((link.heard[2] as { assignments: { allocationId: string }[] }).assignments[0]?.allocationId);
  });

  it('takes what a device says on return: allocations that it still runs, and their ends meanwhile', async () => {
    await using opened = await openSessions();
    const laptop = await opened.addNode('laptop');
    const held = await opened.place(laptop);
    await opened.connect(laptop, { allocations: [{ allocationId: held.id, observed: buildObserved({ restarts: 2 }) }] });
    expect(opened.store.get('allocation', held.id)?.row.observed).toMatchObject({ phase: 'running', restarts: 2 });
  });

  it('ignores reports of what the device does not hold', async () => {
    await using opened = await openSessions();
    const [laptop, pi] = [await opened.addNode('laptop'), await opened.addNode('pi')];
    const theirs = await opened.place(pi);
    const link = await opened.connect(laptop);
    const before = opened.store.revision;
    link.agent.send({
      kind: 'report',
      reports: [
        { allocationId: theirs.id, observed: buildObserved() },
        { allocationId: opened.entropy.id('alloc') as AllocationRow['id'], observed: buildObserved() },
      ],
    });
    await opened.settle();
    expect(opened.store.revision).toBe(before);
    expect(link.agent.signal.aborted).toBe(false);
  });

  it('renews a certificate inside the session', async () => {
    await using opened = await openSessions();
    const link = await opened.connect(await opened.addNode('laptop'));
    link.agent.send({ kind: 'renew', csr: 'csr' });
    await opened.settle();
    expect(link.heard.at(-1)).toEqual({ kind: 'issued', certificate: 'new', bundle: 'bundle' });
  });

  it.each([
    ['names another device', { nodeId: `node_${'b'.repeat(26)}` as never }, 'another device'],
    ['names another cluster', { clusterId: `cluster_${'b'.repeat(26)}` as never }, 'another cluster'],
    ['speaks too old a protocol', { protocol: -1 }, 'update'],
  ])('is refused with the reason when the hello %s', async (_what, hello, why) => {
    await using opened = await openSessions();
    const link = await opened.connect(await opened.addNode('laptop'), hello);
    expect(await link.agent.closed).toMatchObject({ by: 'peer', message: expect.stringContaining(why) as string });
    expect(link.kinds()).not.toContain('complete');
  });

  it('ends when the hello does not come in time, comes twice, or something else comes first', async () => {
    await using opened = await openSessions();
    const laptop = await opened.addNode('laptop');
    const silent = await opened.connect(laptop, 'silent');
    await opened.pass(10_000);
    expect(await silent.agent.closed).toMatchObject({ code: 'timeout' });
    const early = await opened.connect(laptop, 'silent');
    early.agent.send({ kind: 'heartbeat', sequence: 1, allocations: [] });
    expect(await early.agent.closed).toMatchObject({ code: 'malformed' });
  });

  it('is not opened by a device that was removed, and closes at once when it is', async () => {
    await using opened = await openSessions();
    const laptop = await opened.addNode('laptop');
    const link = await opened.connect(laptop);
    await opened.commit({ kind: 'remove', table: 'node', id: laptop.id, expect: opened.store.get('node', laptop.id)?.version ?? 0 });
    expect(await link.agent.closed).toMatchObject({ code: 'revoked', retry: false });
    const again = await opened.connect(laptop, 'silent');
    expect(await again.agent.closed).toMatchObject({ code: 'revoked' });
  });

  it('says goodbye, and the device has left until it says hello again', async () => {
    await using opened = await openSessions();
    const laptop = await opened.addNode('laptop');
    const link = await opened.connect(laptop);
    link.agent.send({ kind: 'leave', reason: 'uninstalled' });
    await opened.settle();
    expect(opened.stateOf(laptop)).toMatchObject({ word: 'left', cause: { code: 'agent_left' } });
    await opened.pass(3_600_000);
    expect(opened.stateOf(laptop)?.word).toBe('left');
    await opened.connect(laptop);
    expect(opened.stateOf(laptop)?.word).toBe('online');
  });
});

describe('a second connection of one device', () => {
  it('is refused while the first answers, and is told of once in ten minutes', async () => {
    await using opened = await openSessions();
    const laptop = await opened.addNode('laptop');
    const first = await opened.connect(laptop);
    for (let count = 0; count < 5; count += 1) {
      const copy = await opened.connect(laptop, 'silent');
      expect(await copy.agent.closed).toMatchObject({ code: 'refused' });
    }
    expect(first.agent.signal.aborted).toBe(false);
    expect((await opened.kindsOfEvents()).filter((kind) => kind === 'node.identityCopied')).toHaveLength(1);
    await opened.pass(600_000);
    await opened.connect(laptop, 'silent');
    await opened.settle();
    expect((await opened.kindsOfEvents()).filter((kind) => kind === 'node.identityCopied')).toHaveLength(2);
  });

  it('takes over when the first is half open; of two that come then, one', async () => {
    await using opened = await openSessions();
    const laptop = await opened.addNode('laptop');
    const first = await opened.connect(laptop);
    first.stall();
    const coming = [opened.connect(laptop), opened.connect(laptop)];
    await opened.clock.advance(700);
    const links = await Promise.all(coming);
    expect(await first.coordinator.closed).toMatchObject({ code: 'replaced' });
    expect(links.map(({ agent }) => agent.signal.aborted)).toEqual([false, true]);
    expect(links[0]?.kinds()).toContain('complete');
  });
});

describe('a device that takes nothing', () => {
  it('is let go after 30 s, and hears everything when it comes back', async () => {
    await using opened = await openSessions();
    // Of a kind that may be silent for longer than that.
    const fingerprint = buildFingerprint({ link: { type: 'mobile' } });
    const laptop = await opened.addNode('laptop', { fingerprint });
    const link = await opened.connect(laptop, { fingerprint });
    link.stall();
    while (link.coordinator.send({ kind: 'heartbeatAck', sequence: 1 }) && link.coordinator.queuedBytes < 8 * 2 ** 20) {
      link.coordinator.send({ kind: 'refused', code: 'x', message: 'y'.repeat(2000), retry: true });
    }
    await opened.place(laptop);
    await opened.pass(29_000);
    expect(link.coordinator.signal.aborted).toBe(false);
    await opened.pass(2000);
    expect(await link.coordinator.closed).toMatchObject({ code: 'overloaded', by: 'self' });
    const again = await opened.connect(laptop);
    expect(again.heard.find(({ kind }) => kind === 'complete')).toMatchObject({ assignments: [{}] });
  });
});

describe('heartbeats', () => {
  it('are answered, kept for 15 minutes in memory, and never stored', async () => {
    await using opened = await openSessions();
    const laptop = await opened.addNode('laptop');
    const link = await opened.connect(laptop);
    const before = opened.store.revision;
    const usage = { at: 5, cpuMillicores: 100, memoryBytes: 5 };
    const samples: unknown[] = [];
    opened.sessions.onUsage((sample) => samples.push(sample));
    for (let sequence = 0; sequence < 100; sequence += 1) link.agent.send({ kind: 'heartbeat', sequence, usage, allocations: [] });
    await opened.settle();
    expect(link.heard.filter(({ kind }) => kind === 'heartbeatAck')).toHaveLength(100);
    expect(opened.store.revision).toBe(before);
    expect(samples).toHaveLength(100);
    expect(opened.sessions.usage(laptop.id)).toHaveLength(100);
    // A sample's own time is the device's clock, which may be wrong.
    expect(opened.sessions.usage(laptop.id)[0]?.at).toBe(opened.clock.now());
    for (let minute = 0; minute < 20; minute += 1) {
      await opened.pass(60_000);
      link.agent.send({ kind: 'heartbeat', sequence: 1000 + minute, usage, allocations: [] });
      await opened.settle();
    }
    expect(opened.sessions.usage(laptop.id)).toHaveLength(15);
  });
});
