import type { Ask } from '../ask.ts';
import type { SnapshotNode } from '../snapshot.ts';
import { crowding } from './crowding.ts';
import { recentFailure } from './recent-failure.ts';
import { utilisation } from './utilisation.ts';
import type { ScoreWeights } from './weights.ts';

/** The weighted sum for a feasible node; see `ScoreWeights` for the formula. Higher is better. */
export function computeScore(ask: Ask, node: SnapshotNode, weights: ScoreWeights): number {
  return (
    weights.utilisation * utilisation(ask, node) -
    weights.networkPenalty * node.networkPenalty -
    weights.recentFailure * recentFailure(ask, node) -
    weights.crowding * crowding(ask, node)
  );
}

const round = (value: number): number => Math.round(value * 1000) / 1000;

/** The unweighted terms, for the record that people read. */
export function computeTerms(ask: Ask, node: SnapshotNode): Record<string, number> {
  const terms: Record<string, number> = { utilisation: round(utilisation(ask, node)), networkPenalty: round(node.networkPenalty) };
  const failure = recentFailure(ask, node);
  const crowd = crowding(ask, node);
  return { ...terms, ...(failure > 0 ? { recentFailure: round(failure) } : {}), ...(crowd > 0 ? { crowding: round(crowd) } : {}) };
}
