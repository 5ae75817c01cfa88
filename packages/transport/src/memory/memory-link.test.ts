import type { AllocationId } from '@cloudless/proto';
import { describe, expect, it, vi } from 'vitest';
import { describeLinkContract } from '../contract/link-contract.ts';
import { FRAME, streamFrame } from '../frame-channel.ts';
import { MAX_STREAMS } from '../stream-limits.ts';
import { createMemoryLinkPair } from './index.ts';

const createPair = (options: Parameters<typeof createMemoryLinkPair>[0]) => () => {
  const pair = createMemoryLinkPair(options);
  return Promise.resolve({
    agent: pair.agent,
    coordinator: pair.coordinator,
    raw: { control: pair.raw.agentControl, bulk: () => pair.agent.bringBulk().then(() => pair.raw.agentBulk) },
    sever: () => pair.sever(),
    stall: () => pair.stall(),
    [Symbol.asyncDispose]: () => Promise.resolve(pair.sever()),
  });
};
describeLinkContract('in memory', createPair({}));
describeLinkContract('in memory, the bulk path later', createPair({ bulk: 'later' }));

describe('a link whose bulk path comes later', () => {
  const HEADER = { kind: 'forward', allocationId: `alloc_${'a'.repeat(26)}` as AllocationId, portName: 'http' } as const;

  it('carries messages before, and is asked for it once by all that waits', async () => {
    const { agent, coordinator, raw } = createMemoryLinkPair({ bulk: 'later' });
    const asked = vi.spyOn(raw.coordinatorControl, 'write');
    agent.onStream((incoming) => void incoming.accept());
    agent.send({ kind: 'resync', reason: 'one' });
    await agent.probe('control');
    expect(coordinator.stands('bulk')).toBe(false);
    asked.mockClear();
    await Promise.all([coordinator.openStream(HEADER), coordinator.openStream(HEADER), coordinator.bringBulk()]);
    expect(asked.mock.calls).toEqual([[Uint8Array.of(FRAME.wantBulk)]]);
  });

  it('lets who gives up go, holds a limit on those that wait, and goes on without it', async () => {
    let held: (() => void)[] | undefined = [];
    const { agent, coordinator } = createMemoryLinkPair({
      bulk: 'later',
      deliver: (_towards, run) => void (held ? held.push(run) : queueMicrotask(run)),
    });
    agent.onStream((incoming) => void incoming.accept());
    const giveUp = new AbortController();
    const openings = Array.from({ length: MAX_STREAMS }, () => coordinator.openStream(HEADER, giveUp.signal));
    await expect(coordinator.openStream(HEADER)).rejects.toMatchObject({ code: 'overloaded' });
    giveUp.abort(new Error('too slow'));
    for (const result of await Promise.allSettled(openings))
      expect(result).toMatchObject({ status: 'rejected', reason: { message: 'too slow' } });
    expect(coordinator.signal.aborted).toBe(false);
    const opening = coordinator.openStream(HEADER);
    const before = held;
    held = undefined;
    for (const run of before) run();
    expect((await opening).destroyed).toBe(false);
  });

  it('is not asked for by the dialling end of the other', async () => {
    const { coordinator, raw } = createMemoryLinkPair({ bulk: 'later' });
    raw.agentControl.write(Uint8Array.of(FRAME.wantBulk));
    expect(await coordinator.closed).toMatchObject({ code: 'malformed' });
  });
});

describe('the memory link', () => {
  it('says no when nothing is taken, after 8 MiB', () => {
    const { agent, stall } = createMemoryLinkPair();
    stall();
    let sent = 0;
    while (agent.send({ kind: 'resync', reason: 'x'.repeat(500) })) sent += 1;
    expect(agent.queuedBytes).toBeGreaterThanOrEqual(8 * 2 ** 20);
    expect(sent).toBeLessThan(20_000);
  });

  it('cuts off who asks and asks and never takes the answers', async () => {
    const { coordinator, raw } = createMemoryLinkPair({ deliver: (towards, run) => towards === 'coordinator' && run() });
    const junk = new Uint8Array(1);
    for (let id = 1; !coordinator.signal.aborted && id < 2_000_000; id += 2) raw.agentBulk.write(streamFrame(FRAME.streamOpen, id, junk));
    expect(await coordinator.closed).toMatchObject({ code: 'overloaded', by: 'self' });
  });

  it('delivers when its owner says, in order', async () => {
    const queue: (() => void)[] = [];
    const { agent, coordinator } = createMemoryLinkPair({ deliver: (_towards, run) => queue.push(run) });
    const got: string[] = [];
    coordinator.onMessage((message) => got.push(message.kind));
    agent.send({ kind: 'resync', reason: 'one' });
    agent.send({ kind: 'leave', reason: 'two' });
    await Promise.resolve();
    expect(got).toEqual([]);
    for (const run of queue.splice(0)) run();
    expect(got).toEqual(['resync', 'leave']);
  });
});
