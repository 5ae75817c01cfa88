import type { NodeId } from '@cloudless/proto';
import { buildFingerprint, buildNodeRow } from '@cloudless/proto/testing';
import { describe, expect, it } from 'vitest';
import { decideUpdates } from './decide-updates.ts';

const OLD = '0'.repeat(64);
const NEW = '1'.repeat(64);
const MINUTE = 60_000;

/** Devices of which the first `updated` run the new version since time 0. */
function fleet(count: number, updated = 0) {
  return Array.from({ length: count }, (_, index) => buildNodeRow(`n${index}`))
    .toSorted((one, other) => (one.id < other.id ? -1 : 1))
    .map((row, index) => ({ ...row, fingerprint: buildFingerprint({ agentSha256: index < updated ? NEW : OLD }) }));
}
const seen = (nodes: ReturnType<typeof fleet>, at = 0): Map<NodeId, number> =>
  new Map(nodes.filter(({ fingerprint }) => fingerprint?.agentSha256 === NEW).map(({ id }) => [id, at]));

describe('a new agent', () => {
  it('goes to one device first, and to no other until that one has run it for a while', () => {
    const nodes = fleet(40);
    const first = decideUpdates({ nodes, wanted: NEW, offeredAt: new Map(), seenAt: new Map(), now: 0 });
    expect(first.offer).toEqual([nodes[0]?.id]);
    const offeredAt = new Map([[first.offer[0] as NodeId, 0]]);
    expect(decideUpdates({ nodes, wanted: NEW, offeredAt, seenAt: new Map(), now: MINUTE }).offer).toEqual([]);
    const one = fleet(40, 1);
    expect(decideUpdates({ nodes: one, wanted: NEW, offeredAt, seenAt: seen(one), now: MINUTE / 2 }).offer).toEqual([]);
    expect(decideUpdates({ nodes: one, wanted: NEW, offeredAt, seenAt: seen(one), now: MINUTE }).offer).toHaveLength(3);
  });

  it('goes to all once a tenth has it', () => {
    const nodes = fleet(40, 4);
    expect(decideUpdates({ nodes, wanted: NEW, offeredAt: new Map(), seenAt: seen(nodes), now: MINUTE }).offer).toHaveLength(36);
  });

  it('stops at a device that does not come back with it', () => {
    const nodes = fleet(40);
    const offeredAt = new Map([[nodes[0]?.id as NodeId, 0]]);
    expect(decideUpdates({ nodes, wanted: NEW, offeredAt, seenAt: new Map(), now: 5 * MINUTE + 1 })).toEqual({
      offer: [],
      stuck: nodes[0]?.id,
    });
  });

  it('is offered to nobody who is away, was removed, or runs from a source tree', () => {
    const nodes = [
      buildNodeRow('a', { fingerprint: buildFingerprint({ agentSha256: OLD }), revokedAt: 1 }),
      buildNodeRow('b', { fingerprint: buildFingerprint() }),
      buildNodeRow('c', {
        fingerprint: buildFingerprint({ agentSha256: OLD }),
        state: { word: 'lost', cause: { code: 'x', message: 'x' }, sinceAt: 0 },
      }),
    ];
    expect(decideUpdates({ nodes, wanted: NEW, offeredAt: new Map(), seenAt: new Map(), now: 0 }).offer).toEqual([]);
  });
});
