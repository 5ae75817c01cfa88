import { describe, expect, it } from 'vitest';
import { describeLinkContract } from '../contract/link-contract.ts';
import { createMemoryLinkPair } from './index.ts';

describeLinkContract('in memory', () => {
  const pair = createMemoryLinkPair();
  return Promise.resolve({
    agent: pair.agent,
    coordinator: pair.coordinator,
    raw: { control: pair.raw.agentControl, bulk: pair.raw.agentBulk },
    sever: () => pair.sever(),
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
