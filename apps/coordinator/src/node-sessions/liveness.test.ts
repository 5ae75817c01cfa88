import { buildFingerprint, buildObserved } from '@cloudless/proto/testing';
import { describe, expect, it } from 'vitest';
import { judgeLiveness, type Signals } from './judge-liveness.ts';
import { openSessions } from './testing/open-sessions.ts';

const WIRED = buildFingerprint();
const WIFI = buildFingerprint({ link: { type: 'wifi' } });

describe('the state of a device, by its signals', () => {
  const quiet: Signals = {
    word: 'online',
    isConnected: true,
    silentMs: 0,
    controlSilentMs: 0,
    bulkSilentMs: undefined,
    closedForMs: undefined,
    hasLeft: undefined,
    sleeps: undefined,
    silenceLimitMs: 1500,
    lostAfterMs: 60_000,
    engine: WIRED.engine,
  };
  const away = { isConnected: false, closedForMs: 0 };
  it.each<[string, Partial<Signals>, string | undefined, string?]>([
    ['answers', {}, 'online', 'connected'],
    ['is silent for as long as it may be', { silentMs: 1500, controlSilentMs: 1500 }, 'online'],
    ['is silent for longer', { silentMs: 1501, controlSilentMs: 1501 }, 'unreachable', 'silent'],
    ['is silent, and answered before that', { silentMs: 1501, controlSilentMs: 1501, bulkSilentMs: 1400 }, 'unreachable', 'silent'],
    ['is silent, and its bulk path answers', { silentMs: 100, controlSilentMs: 1501, bulkSilentMs: 100 }, 'degraded', 'control_silent'],
    ['does so for an hour: not lost', { silentMs: 900, controlSilentMs: 3.6e6, bulkSilentMs: 900 }, 'degraded', 'control_silent'],
    ['then says nothing on that either', { silentMs: 3001, controlSilentMs: 9000, bulkSilentMs: 3001 }, 'unreachable', 'silent'],
    ['for a minute', { silentMs: 60_001, controlSilentMs: 70_000, bulkSilentMs: 60_001 }, 'lost', 'silent_too_long'],
    ['lost its link a moment ago', { ...away, closedForMs: 900, silentMs: 900 }, undefined],
    ['lost its link and did not come back', { ...away, closedForMs: 1100, silentMs: 1100 }, 'unreachable', 'link_closed'],
    ['is silent for a minute', { ...away, closedForMs: 60_001, silentMs: 60_001 }, 'lost', 'silent_too_long'],
    ['is lost, and still silent', { ...away, word: 'lost', closedForMs: 90_000, silentMs: 90_000 }, undefined],
    ['is lost, and speaks again', { word: 'lost' }, 'online'],
    ['said that it sleeps', { ...away, sleeps: 'said' }, 'asleep', 'went_to_sleep'],
    ['sleeps for hours, as it said', { ...away, sleeps: 'said', silentMs: 3.6e7, closedForMs: 3.6e7 }, 'asleep', 'went_to_sleep'],
    ['sleeps for more than a week', { ...away, sleeps: 'said', silentMs: 7e8, closedForMs: 7e8 }, 'lost', 'silent_too_long'],
    ['is of a kind that sleeps, and closed its link in order', { ...away, sleeps: 'guessed', closedForMs: 1100 }, 'asleep', 'fell_asleep'],
    ['may only be restarting its agent', { ...away, sleeps: 'guessed', closedForMs: 900 }, undefined],
    ['slept when this coordinator started', { word: 'asleep', isConnected: false, silentMs: 90_000 }, undefined],
    ['woke', { word: 'asleep' }, 'online'],
    ['said goodbye', { hasLeft: 'goodbye' }, 'left', 'agent_left'],
    ['said that it is shut down', { ...away, hasLeft: 'shutdown' }, 'left', 'shut_down'],
    ['has left, and is silent', { ...away, word: 'left', silentMs: 1e9 }, undefined],
    ['was online when this coordinator started 9 s ago', { isConnected: false, silentMs: 9000 }, undefined],
    ['was online when this coordinator started, and does not come', { isConnected: false, silentMs: 10_001 }, 'unreachable', 'silent'],
    [
      'has no engine',
      { engine: { state: 'stopped', cause: { code: 'engine_stopped', message: 'start it' } } },
      'degraded',
      'engine_stopped',
    ],
  ])('that %s', (_what, signals, word, code) => {
    const verdict = judgeLiveness({ ...quiet, ...signals });
    expect({ word: verdict?.word, code: code && verdict?.cause.code }).toEqual({ word, code });
  });
});

describe('a device that is watched', () => {
  it('goes from online to unreachable to lost and back, each with cause, age and event', async () => {
    await using opened = await openSessions();
    const laptop = await opened.addNode('laptop');
    const link = await opened.connect(laptop);
    const onlineAt = opened.clock.now();
    expect(opened.stateOf(laptop)).toMatchObject({ word: 'online', cause: { code: 'connected' }, sinceAt: onlineAt });
    link.sever();
    await opened.pass(1000);
    expect(opened.stateOf(laptop)?.word).toBe('online');
    await opened.pass(500);
    expect(opened.stateOf(laptop)).toMatchObject({ word: 'unreachable', cause: { code: 'link_closed' } });
    const goneAt = opened.stateOf(laptop)?.sinceAt ?? 0;
    expect(goneAt - onlineAt).toBeLessThanOrEqual(1500);
    await opened.pass(30_000);
    expect(opened.stateOf(laptop)).toMatchObject({ word: 'unreachable', sinceAt: goneAt });
    await opened.pass(30_000);
    expect(opened.stateOf(laptop)).toMatchObject({ word: 'lost', cause: { code: 'silent_too_long' } });
    await opened.connect(laptop);
    expect(opened.stateOf(laptop)?.word).toBe('online');
    expect(await opened.kindsOfEvents()).toEqual(['node.online', 'node.unreachable', 'node.lost', 'node.online']);
  });

  it('that says it goes to sleep is asleep at once, is not called lost for it, and is online when it wakes', async () => {
    await using opened = await openSessions();
    const laptop = await opened.addNode('laptop');
    const link = await opened.connect(laptop);
    link.agent.send({ kind: 'leave', reason: 'the lid was closed', why: 'sleep' });
    await opened.settle();
    expect(opened.stateOf(laptop)).toMatchObject({ word: 'asleep', cause: { code: 'went_to_sleep' } });
    await opened.pass(600_000);
    expect(opened.stateOf(laptop)?.word).toBe('asleep');
    expect(opened.sessions.silentMs(laptop.id)).toBeGreaterThanOrEqual(600_000);
    await opened.connect(laptop);
    expect(opened.stateOf(laptop)?.word).toBe('online');
    expect(await opened.kindsOfEvents()).toEqual(['node.online', 'node.asleep', 'node.online']);
  });

  it('that says it is shut down is so at once and for as long as it is away, and is online when it is switched on', async () => {
    await using opened = await openSessions();
    const laptop = await opened.addNode('laptop');
    const link = await opened.connect(laptop);
    link.agent.send({ kind: 'leave', reason: 'the device is shut down', why: 'shutdown' });
    await opened.settle();
    const shutDownAt = opened.stateOf(laptop)?.sinceAt;
    expect(await link.agent.closed).toMatchObject({ code: 'left', retry: true });
    await opened.pass(600_000);
    expect(opened.stateOf(laptop)).toMatchObject({ word: 'left', cause: { code: 'shut_down' }, sinceAt: shutDownAt });
    await opened.connect(laptop);
    expect(opened.stateOf(laptop)?.word).toBe('online');
    expect(await opened.kindsOfEvents()).toEqual(['node.online', 'node.left', 'node.online']);
  });

  it('is online only once all that it said on its return is in the store, so that nothing is decided on what it was', async () => {
    await using opened = await openSessions();
    const laptop = await opened.addNode('laptop');
    // More than one write of reports takes.
    const held = [];
    for (let index = 0; index < 120; index += 1) held.push(await opened.place(laptop));
    const failedWhenOnline: number[] = [];
    opened.store.onCommit(({ changes }) => {
      for (const change of changes)
        if (change.kind === 'put' && change.table === 'node' && change.row.state.word === 'online')
          failedWhenOnline.push(opened.store.allocationsOfNode(laptop.id).filter(({ row }) => row.observed.phase === 'failed').length);
    });
    const observed = buildObserved({ phase: 'failed', ready: false });
    await opened.connect(laptop, { allocations: held.map(({ id }) => ({ allocationId: id, observed })) });
    await opened.pass(500);
    expect(failedWhenOnline).toEqual([120]);
  });

  it('is unreachable when its connection is half open, and says so within its limit', async () => {
    await using opened = await openSessions();
    const laptop = await opened.addNode('laptop');
    const link = await opened.connect(laptop);
    link.stall();
    await opened.pass(2000);
    expect(opened.stateOf(laptop)).toMatchObject({ word: 'unreachable', cause: { code: 'silent' } });
    // Its link is closed meanwhile, which is no reason of its own.
    await opened.pass(20_000);
    expect(opened.stateOf(laptop)).toMatchObject({ word: 'unreachable', cause: { code: 'silent' } });
  });

  it.each([
    ['on a wire', WIRED, 15_000],
    ['on Wi-Fi', WIFI, 30_000],
    ['that is a phone', { ...WIFI, link: { type: 'mobile' as const } }, 180_000],
  ])('%s has its half-open connection closed long after it was missed', async (_kind, fingerprint, closedAfterMs) => {
    await using opened = await openSessions();
    const laptop = await opened.addNode('laptop', { fingerprint });
    const link = await opened.connect(laptop, { fingerprint });
    const isConnected = () => opened.sessions.channels(laptop.id).command.connected;
    link.stall();
    await opened.pass(closedAfterMs);
    expect(isConnected()).toBe(true);
    await opened.pass(2000);
    expect(isConnected()).toBe(false);
    expect(opened.logger.events.filter(({ op }) => op === 'session.close')).toMatchObject([{ code: 'timeout', by: 'self' }]);
    await opened.pass(200_000);
    expect(opened.stateOf(laptop)?.word).toBe('lost');
    expect((await opened.kindsOfEvents()).filter((kind) => kind !== 'node.unreachable')).toEqual(['node.online', 'node.lost']);
    await opened.connect(laptop, { fingerprint });
    expect(opened.stateOf(laptop)?.word).toBe('online');
  });

  it('that says nothing on its control path and answers on the other is degraded, not lost, for as long as that is so', async () => {
    await using opened = await openSessions();
    const laptop = await opened.addNode('laptop');
    const link = await opened.connect(laptop);
    const beat = link.raw.agentControl.write;
    link.raw.agentControl.write = () => undefined;
    await opened.pass(2000);
    const causes = new Set<string | undefined>();
    for (let passed = 0; passed < 120_000; passed += 500) {
      await opened.pass(500);
      causes.add(opened.stateOf(laptop)?.cause.code);
    }
    expect([...causes]).toEqual(['control_silent']);
    expect(opened.sessions.silentMs(laptop.id)).toBeLessThan(2000);
    link.raw.agentControl.write = beat;
    link.agent.send({ kind: 'heartbeat', sequence: 1, allocations: [] });
    await opened.pass(250);
    expect(opened.stateOf(laptop)?.word).toBe('online');
    expect(await opened.kindsOfEvents()).toEqual(['node.online', 'node.degraded', 'node.online']);
    link.stall();
    await opened.pass(61_000);
    expect(opened.stateOf(laptop)?.word).toBe('lost');
  });

  it('that comes back within a second is no news', async () => {
    await using opened = await openSessions();
    const laptop = await opened.addNode('laptop');
    const link = await opened.connect(laptop);
    link.sever();
    await opened.pass(750);
    await opened.connect(laptop);
    expect(await opened.kindsOfEvents()).toEqual(['node.online']);
  });

  it('is degraded while its engine is away, and says both', async () => {
    await using opened = await openSessions();
    const laptop = await opened.addNode('laptop', { fingerprint: WIFI });
    const link = await opened.connect(laptop, { fingerprint: WIFI });
    const cause = { code: 'engine_stopped', message: 'Docker is not running: start it.' };
    link.agent.send({ kind: 'fingerprint', fingerprint: { ...WIFI, engine: { state: 'stopped', cause } } });
    await opened.settle();
    expect(opened.stateOf(laptop)).toMatchObject({ word: 'degraded', cause });
    link.agent.send({ kind: 'fingerprint', fingerprint: WIFI });
    await opened.settle();
    expect(opened.stateOf(laptop)?.word).toBe('online');
    expect(await opened.kindsOfEvents()).toEqual([
      'node.online',
      'node.degraded',
      'node.engineChanged',
      'node.online',
      'node.engineChanged',
    ]);
  });

  it('has its full grace after the coordinator started, and is lost only then', async () => {
    await using opened = await openSessions();
    const state = { word: 'online', cause: { code: 'connected', message: 'x' }, sinceAt: 1 } as const;
    const laptop = await opened.addNode('laptop', { state });
    await opened.pass(9000);
    expect(opened.stateOf(laptop)?.word).toBe('online');
    await opened.pass(40_000);
    expect(opened.stateOf(laptop)?.word).toBe('unreachable');
    await opened.pass(12_000);
    expect(opened.stateOf(laptop)?.word).toBe('lost');
  });

  it('on a wire is missed the moment its own limit passes: after 1.1 s when it was punctual, after longer when it was late', async () => {
    await using opened = await openSessions();
    const nodes = await Promise.all(['punctual', 'late', 'steady'].map((name) => opened.addNode(name, { fingerprint: WIRED })));
    const [punctual] = nodes;
    if (!punctual) throw new Error('no node');
    const links = await Promise.all(nodes.map((node) => opened.connect(node)));
    const beat = (index: number) => links[index]?.agent.send({ kind: 'heartbeat', sequence: 1, allocations: [] });
    const beatAll = async (): Promise<void> => {
      for (const index of links.keys()) beat(index);
      await opened.pass(500);
    };
    for (let beats = 0; beats < 139; beats += 1) await beatAll();
    const raw = links[1]?.raw.agentControl;
    const write = raw?.write;
    if (!raw || !write) throw new Error('no link');
    // Neither its beat nor its answer to a question comes.
    raw.write = () => undefined;
    await beatAll();
    raw.write = write;
    for (const index of links.keys()) beat(index);
    await opened.settle();
    for (const link of links.slice(0, 2)) link.stall();
    const silentAt = opened.clock.now();
    const missedAfterMs = new Map<string, number>();
    opened.store.onCommit(({ changes }) => {
      for (const change of changes)
        if (change.kind === 'put' && change.table === 'node') missedAfterMs.set(change.row.name, change.row.state.sinceAt - silentAt);
    });
    for (let passed = 0; passed < 3000; passed += 500) {
      beat(2);
      await opened.pass(500);
    }
    expect([...missedAfterMs]).toEqual([
      ['punctual', 1101],
      ['late', 2001],
    ]);
    expect(opened.stateOf(punctual)?.cause).toMatchObject({ code: 'silent', params: { seconds: 1.1 } });
  });

  it('is not blamed when most vanish at once, punctual as they were and each somewhere between two beats', async () => {
    await using opened = await openSessions();
    const nodes = await Promise.all([...'abcdefghij'].map((name) => opened.addNode(name, { fingerprint: WIRED })));
    const links = await Promise.all(nodes.map((node) => opened.connect(node)));
    const beatFor = async (ms: number, isThere: (index: number) => boolean) => {
      for (let passed = 0; passed < ms; passed += 50) {
        const due = (passed / 50) % 10;
        if (isThere(due)) links[due]?.agent.send({ kind: 'heartbeat', sequence: 1, allocations: [] });
        await opened.pass(50);
      }
    };
    await beatFor(71_500, () => true);
    for (const link of links.slice(1)) link.stall();
    await beatFor(2500, (index) => index === 0);
    expect(await opened.kindsOfEvents()).toEqual(Array<string>(10).fill('node.online'));
    await beatFor(1000, (index) => index === 0);
    expect(nodes.map((node) => opened.stateOf(node)?.word)).toEqual(['online', ...Array<string>(9).fill('unreachable')]);
  });

  it('is not blamed when very many fall silent together: the limits are three times as wide', async () => {
    await using opened = await openSessions();
    const nodes = await Promise.all(['a', 'b', 'c', 'd'].map((name) => opened.addNode(name, { fingerprint: WIRED })));
    const links = await Promise.all(nodes.map((node) => opened.connect(node)));
    for (const link of links) link.stall();
    await opened.pass(4000);
    expect(nodes.map((node) => opened.stateOf(node)?.word)).toEqual(['online', 'online', 'online', 'online']);
    await opened.pass(1500);
    expect(nodes.map((node) => opened.stateOf(node)?.word)).toEqual(['unreachable', 'unreachable', 'unreachable', 'unreachable']);
  });

  it('keeps its word when 60 % of all leave at once: silence counts a third, and those that stay are left alone', async () => {
    await using opened = await openSessions();
    const names = [...'abcdefghij'];
    const nodes = await Promise.all(names.map((name) => opened.addNode(name, { fingerprint: WIRED })));
    const links = await Promise.all(nodes.map((node) => opened.connect(node)));
    const beat = () => {
      for (const link of links.slice(6)) link.agent.send({ kind: 'heartbeat', sequence: 1, allocations: [] });
    };
    for (const link of links.slice(0, 6)) link.sever();
    for (let passed = 0; passed < 170_000; passed += 500) {
      beat();
      await opened.pass(500);
    }
    const [gone] = nodes;
    if (!gone) throw new Error('no node');
    const words = () => nodes.map((node) => opened.stateOf(node)?.word);
    expect(words()).toEqual([...Array<string>(6).fill('unreachable'), ...Array<string>(4).fill('online')]);
    expect(opened.sessions.silentMs(gone.id)).toBeLessThan(60_000);
    for (let passed = 0; passed < 15_000; passed += 500) {
      beat();
      await opened.pass(500);
    }
    expect(words()).toEqual([...Array<string>(6).fill('lost'), ...Array<string>(4).fill('online')]);
  });

  it('is not blamed for the time in which the coordinator itself stood still', async () => {
    const { createManualClock } = await import('@cloudless/kernel/testing');
    const inner = createManualClock();
    let frozenMs = 0;
    const clock = { ...inner, bootMs: () => inner.bootMs() + frozenMs };
    await using opened = await openSessions({ clock });
    const laptop = await opened.addNode('laptop');
    await opened.connect(laptop);
    await inner.advance(500);
    frozenMs = 20_000;
    await inner.advance(500);
    await opened.settle();
    expect(opened.stateOf(laptop)?.word).toBe('online');
  });
});
