import type { Ask } from './ask.ts';
import { findRefusal } from './feasible/filters.ts';
import type { Ledger } from './ledger.ts';
import { computeScore, computeTerms } from './score/score.ts';
import type { ScoreWeights } from './score/weights.ts';
import type { SnapshotNode } from './snapshot.ts';

export type Choice = {
  readonly node: SnapshotNode;
  readonly score: number;
  readonly terms: Readonly<Record<string, number>>;
  /** Why here, as a sentence. */
  readonly message: string;
};

/** Places replicas of one workload, one after the other. */
export interface Placer {
  /** The best node that fits, reserved in the ledger; `undefined` when none does. */
  place(): Choice | undefined;
}

const REFUSED = -Infinity;

/**
 * Feasible → score → bind over all nodes in one pass; each further replica of the same ask re-examines only the node that changed
 * and takes the best of the kept scores. Equals go to the lower id, so the same snapshot always gives the same plan.
 */
export function createPlacer(ask: Ask, ledger: Ledger, weights: ScoreWeights): Placer {
  const candidates = ledger.candidatesOf(ask.orgId);
  const examine = (node: SnapshotNode): number => (findRefusal(ask, node) ? REFUSED : computeScore(ask, node, weights));
  let scores: Float64Array | undefined;

  return {
    place() {
      scores ??= Float64Array.from(candidates, examine);
      const position = findBest(scores, candidates);
      const node = candidates[position];
      if (!node) return undefined;
      const choice = describe(ask, node, scores, scores[position] ?? 0);
      ledger.reserve(ask.orgId, position, ask);
      const after = candidates[position];
      scores[position] = after ? examine(after) : REFUSED;
      return choice;
    },
  };
}

function findBest(scores: Float64Array, candidates: readonly SnapshotNode[]): number {
  let best = -1;
  let bestScore = REFUSED;
  for (let position = 0; position < scores.length; position += 1) {
    const score = scores[position] ?? REFUSED;
    if (score === REFUSED || score < bestScore) continue;
    if (score === bestScore && !isLower(candidates[position], candidates[best])) continue;
    best = position;
    bestScore = score;
  }
  return best;
}

const isLower = (node: SnapshotNode | undefined, other: SnapshotNode | undefined): boolean =>
  !other || (node !== undefined && node.row.id < other.row.id);

function describe(ask: Ask, node: SnapshotNode, scores: Float64Array, score: number): Choice {
  let fitting = 0;
  for (const other of scores) if (other !== REFUSED) fitting += 1;
  const full = computeTerms(ask, node);
  const percent = Math.round((full['utilisation'] ?? 0) * 100);
  const message =
    fitting === 1
      ? `${node.row.name} is the only device that fits (${scores.length} looked at)`
      : `${node.row.name} scored best of ${fitting} devices that fit (${scores.length} looked at): ${percent} % full with it`;
  return { node, score: Math.round(score * 10_000) / 10_000, terms: full, message };
}
