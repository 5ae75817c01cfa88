import { createTestStore } from '@cloudless/db/testing';
import { nullLogger } from '@cloudless/kernel';
import { createManualClock, createSeededEntropy } from '@cloudless/kernel/testing';
import type { BatchId } from '@cloudless/proto';
import { buildAllocationRow, buildNodeRow, buildWorkloadRow } from '@cloudless/proto/testing';
import { expect, test } from 'vitest';
import { createForgetNodes, REVOKED_KEPT_MS } from './forget-nodes.ts';

const DAY_MS = 86_400_000;

test('a device that left is forgotten when no certificate of it could be renewed any more, and when nothing of it is left', async () => {
  const clock = createManualClock();
  const entropy = createSeededEntropy(8);
  await using opened = await createTestStore({ clock });
  const { store } = opened;
  const revokedAt = clock.now();
  const [here, gone, busy] = [buildNodeRow('here'), buildNodeRow('gone', { revokedAt }), buildNodeRow('busy', { revokedAt })];
  const web = buildWorkloadRow('web');
  const allocation = buildAllocationRow(web, busy, 0);
  await store.commit({
    id: entropy.id('batch') as BatchId,
    mutations: [
      ...[here, gone, busy].map((row) => ({ kind: 'put', table: 'node', row, expect: 'absent' }) as const),
      { kind: 'put', table: 'allocation', row: allocation, expect: 'absent' },
    ],
  });
  const names = (): string[] => Array.from(store.list('node'), ({ row }) => row.name);
  const forgetting = createForgetNodes({ store, clock, entropy, logger: nullLogger });
  await clock.advance(REVOKED_KEPT_MS - DAY_MS);
  expect(names()).toEqual(['here', 'gone', 'busy']);
  await clock.advance(2 * DAY_MS);
  await forgetting.stop();
  expect(names()).toEqual(['here', 'busy']);
});
