import { createTestStore } from '@cloudless/db/testing';
import { createManualClock, createMemoryLogger, createSeededEntropy } from '@cloudless/kernel/testing';
import type { BatchId, NodeId } from '@cloudless/proto';
import { buildFingerprint, buildNodeRow } from '@cloudless/proto/testing';
import { createMemoryLinkPair } from '@cloudless/transport/memory';
import { expect, it } from 'vitest';
import { heartbeatMs } from './allowed-silence.ts';
import { createLivenessWatch } from './liveness-watch.ts';
import { createNodeWriter } from './node-writer.ts';
import { createPresence, noteHeard, type Presence } from './presence.ts';

const PHONES = 100;
const PHONE = buildFingerprint({ link: { type: 'mobile' } });
const BEAT_MS = heartbeatMs(PHONE);
const LOOK_MS = 250;

/** Phones that are connected, and how often each was looked at. */
async function openPhones() {
  const clock = createManualClock();
  const entropy = createSeededEntropy(4);
  const opened = await createTestStore({ clock, entropy });
  const { store, cluster } = opened;
  const rows = Array.from({ length: PHONES }, (_, index) =>
    buildNodeRow(`phone-${index}`, { id: `node_${index}` as NodeId, orgId: cluster.orgId, fingerprint: PHONE }),
  );
  await store.commit({
    id: 'batch_1' as BatchId,
    mutations: rows.map((row) => ({ kind: 'put', table: 'node', row, expect: 'absent' })),
  });
  const presences = new Map<NodeId, Presence>();
  const writer = createNodeWriter({ store, clock, entropy, logger: createMemoryLogger() });
  const looks = new Map<NodeId, number>();
  const watch = createLivenessWatch({
    store,
    clock,
    nodes: {
      ...writer,
      sync(nodeId, facts) {
        looks.set(nodeId, (looks.get(nodeId) ?? 0) + 1);
        return writer.sync(nodeId, facts);
      },
    },
    presences,
    presenceOf(nodeId) {
      const presence = presences.get(nodeId) ?? createPresence(nodeId, clock.bootMs());
      presences.set(nodeId, presence);
      return presence;
    },
    lostAfterMs: 600_000,
    onLook: () => undefined,
    onTick: () => undefined,
  });
  for (const presence of presences.values()) {
    presence.link = createMemoryLinkPair().coordinator;
    presence.fingerprint = PHONE;
    presence.beatMs = BEAT_MS;
    presence.measureAtMs = Infinity;
    watch.check(presence.nodeId);
  }
  await clock.advance(0);
  await writer.settled();
  await clock.advance(2 * LOOK_MS);
  looks.clear();

  async function pass(ms: number, isHeard: (index: number) => boolean): Promise<void> {
    for (let at = 0; at < ms; at += BEAT_MS) {
      await clock.advance(BEAT_MS);
      for (const [index, presence] of [...presences.values()].entries())
        if (presence.link && isHeard(index)) noteHeard(presence, presence.link, clock);
      await writer.settled();
    }
  }
  return {
    looks,
    pass,
    wordsOf: () => rows.map(({ id }) => store.get('node', id)?.row.state.word),
    async [Symbol.asyncDispose]() {
      watch.stop();
      await opened[Symbol.asyncDispose]();
    },
  };
}

it('looks at those that beat no oftener than they beat, and at one that is silent when it is due', async () => {
  await using phones = await openPhones();
  const beats = 4;
  await phones.pass(beats * BEAT_MS, () => true);
  expect(phones.looks.size).toBe(PHONES);
  // Four times a second it would be twenty for each beat.
  expect(Math.max(...phones.looks.values())).toBeLessThanOrEqual(beats + 1);
  expect(new Set(phones.wordsOf())).toEqual(new Set(['online']));
  await phones.pass(60_000, (index) => index !== 7);
  await phones.pass(BEAT_MS, (index) => index !== 7);
  expect(phones.wordsOf().flatMap((word, index) => (word === 'online' ? [] : [index]))).toEqual([7]);
  expect(Math.max(...[...phones.looks.values()].filter((_, index) => index !== 7))).toBeLessThanOrEqual(20);
});
