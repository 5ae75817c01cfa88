import type { NodeId, NodeRow } from '@cloudless/proto';

/** A device runs the new version for so long before more get it. */
const SETTLE_MS = 60_000;
/** A device that was offered the new version and does not run it after so long stops the rollout. */
const STUCK_MS = 5 * 60_000;
/** Of the devices that can be updated: the first alone, then a tenth, then all. */
const RINGS = [0, 0.1, 1] as const;

export type UpdateInput = {
  readonly nodes: readonly Pick<NodeRow, 'id' | 'state' | 'fingerprint' | 'revokedAt'>[];
  /** SHA-256 of the version that devices should run. */
  readonly wanted: string;
  /** When each was offered the wanted version, in ms. */
  readonly offeredAt: ReadonlyMap<NodeId, number>;
  /** When each was first seen with it. */
  readonly seenAt: ReadonlyMap<NodeId, number>;
  readonly now: number;
};

export type UpdateDecision = {
  readonly offer: readonly NodeId[];
  /** Was offered the version and does not run it: nobody else gets it. */
  readonly stuck: NodeId | undefined;
};

/**
 * Which devices get the new agent now: in rings, each after the one before has run well for a while. Pure; in the order of ids, so that
 * a leader that takes over goes on where the last one was.
 */
export function decideUpdates({ nodes, wanted, offeredAt, seenAt, now }: UpdateInput): UpdateDecision {
  const able = nodes
    .filter(({ fingerprint, revokedAt }) => revokedAt === undefined && fingerprint?.agentSha256 !== undefined)
    .toSorted((one, other) => (one.id < other.id ? -1 : 1));
  const runs = ({ fingerprint }: (typeof able)[number]): boolean => fingerprint?.agentSha256 === wanted;
  const stuck = able.find((node) => !runs(node) && now - (offeredAt.get(node.id) ?? Infinity) > STUCK_MS)?.id;
  if (stuck !== undefined) return { offer: [], stuck };
  const settled = able.filter((node) => runs(node) && now - (seenAt.get(node.id) ?? Infinity) >= SETTLE_MS).length;
  const size = RINGS.map((share) => Math.max(1, Math.ceil(able.length * share))).find((limit) => limit > settled) ?? able.length;
  const done = able.filter((node) => runs(node) || offeredAt.has(node.id)).length;
  const offer = able
    .filter((node) => !runs(node) && !offeredAt.has(node.id) && node.state.word === 'online')
    .slice(0, Math.max(0, size - done));
  return { offer: offer.map(({ id }) => id), stuck: undefined };
}
