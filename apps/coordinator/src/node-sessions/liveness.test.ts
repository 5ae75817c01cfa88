import { buildFingerprint } from '@cloudless/proto/testing';
import { describe, expect, it } from 'vitest';
import { allowedSilenceMs, heartbeatMs, judgeLiveness, type Signals } from './judge-liveness.ts';
import { openSessions } from './testing/open-sessions.ts';

const WIRED = buildFingerprint();
const WIFI = buildFingerprint({ link: { type: 'wifi' } });

describe('the silence that is allowed', () => {
  it.each([
    ['a wire on mains', WIRED, 1500],
    ['a wire on a battery: it may sleep', buildFingerprint({ power: { source: 'battery' } }), 10_000],
    ['Wi-Fi', WIFI, 10_000],
    ['a phone', buildFingerprint({ link: { type: 'mobile' } }), 60_000],
    ['nothing known', undefined, 10_000],
  ])('to %s', (_what, fingerprint, ms) => expect(allowedSilenceMs(fingerprint)).toBe(ms));

  it('has room for three beats, at least one every 5 s', () => {
    expect([1500, 10_000, 60_000].map(heartbeatMs)).toEqual([500, 3333, 5000]);
  });
});

describe('the state of a device, by its signals', () => {
  const quiet: Signals = {
    word: 'online',
    isConnected: true,
    silentMs: 0,
    closedForMs: undefined,
    hasLeft: false,
    silenceLimitMs: 1500,
    lostAfterMs: 60_000,
    engine: WIRED.engine,
  };
  const away = { isConnected: false, closedForMs: 0 };
  it.each<[string, Partial<Signals>, string | undefined, string?]>([
    ['answers', {}, 'online', 'connected'],
    ['is silent for as long as it may be', { silentMs: 1500 }, 'online'],
    ['is silent for longer', { silentMs: 1501 }, 'unreachable', 'silent'],
    ['lost its link a moment ago', { ...away, closedForMs: 900, silentMs: 900 }, undefined],
    ['lost its link and did not come back', { ...away, closedForMs: 1100, silentMs: 1100 }, 'unreachable', 'link_closed'],
    ['is silent for a minute', { ...away, closedForMs: 60_001, silentMs: 60_001 }, 'lost', 'silent_too_long'],
    ['is lost, and still silent', { ...away, word: 'lost', closedForMs: 90_000, silentMs: 90_000 }, undefined],
    ['is lost, and speaks again', { word: 'lost' }, 'online'],
    ['said goodbye', { hasLeft: true }, 'left', 'agent_left'],
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

  it('is unreachable when its connection is half open, and says so within its limit', async () => {
    await using opened = await openSessions();
    const laptop = await opened.addNode('laptop');
    const link = await opened.connect(laptop);
    link.stall();
    await opened.pass(2000);
    expect(opened.stateOf(laptop)).toMatchObject({ word: 'unreachable', cause: { code: 'silent' } });
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
