import { createTestStore } from '@cloudless/db/testing';
import { createManualClock, createMemoryLogger, createSeededEntropy } from '@cloudless/kernel/testing';
import type { BatchId, NodeId } from '@cloudless/proto';
import { buildFingerprint, buildNodeRow } from '@cloudless/proto/testing';
import { expect, it } from 'vitest';
import { startAgentUpdates } from './agent-updates.ts';

it('a new agent is offered to nobody while a coordinator is there that may not serve it, and then at once', async () => {
  const clock = createManualClock();
  const entropy = createSeededEntropy(7);
  await using opened = await createTestStore({ clock, entropy });
  const { store } = opened;
  const row = buildNodeRow('laptop', { fingerprint: buildFingerprint({ agentSha256: '0'.repeat(64) }) });
  await store.commit({ id: entropy.id('batch') as BatchId, mutations: [{ kind: 'put', table: 'node', row, expect: 'absent' }] });
  const offered: NodeId[] = [];
  let isMixed = true;
  const updates = startAgentUpdates({
    store,
    clock,
    entropy,
    logger: createMemoryLogger(),
    agentFile: { sha256: '1'.repeat(64), version: '2.0.0', bytes: { byteLength: 1 } },
    mayOffer: () => !isMixed,
    offer: (nodeId) => offered.push(nodeId) > 0,
  });
  await clock.advance(60_000);
  expect(offered).toEqual([]);
  isMixed = false;
  await clock.advance(5_000);
  expect(offered).toEqual([row.id]);
  updates.stop();
});
