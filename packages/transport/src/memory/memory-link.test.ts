import { describe, expect, it } from 'vitest';
import { describeLinkContract } from '../contract/link-contract.ts';
import { FRAME, streamFrame } from '../frame-channel.ts';
import { createMemoryLinkPair } from './index.ts';

describeLinkContract('in memory', () => {
  const pair = createMemoryLinkPair();
  return Promise.resolve({
    agent: pair.agent,
    coordinator: pair.coordinator,
    raw: { control: pair.raw.agentControl, bulk: pair.raw.agentBulk },
    sever: () => pair.sever(),
    stall: () => pair.stall(),
    [Symbol.asyncDispose]: () => Promise.resolve(pair.sever()),
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
