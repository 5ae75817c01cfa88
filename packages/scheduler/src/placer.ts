import { assert } from '@cloudless/kernel';
import type { Ask } from './ask.ts';
import { createBestHeap, type BestHeap } from './best-heap.ts';
import { findRefusal } from './feasible/filters.ts';
import type { Ledger } from './ledger.ts';
import { scanNodes } from './scan.ts';
import { computeScore, computeTerms } from './score/score.ts';
import type { ScoreWeights } from './score/weights.ts';
import type { SnapshotNode } from './snapshot.ts';

export type Choice = {
  readonly node: SnapshotNode;
  readonly score: number;
  readonly terms: Readonly<Record<string, number>>;
  /** Why here, as a sentence. */
  readonly message: string;
  /** What the message counts, for who says it in another language. */
  readonly params: Readonly<Record<'fitting' | 'lookedAt' | 'percent', number>>;
};

/** Places replicas of one workload, one after the other. */
export interface Placer {
  /** The best node that fits, reserved in the ledger; `undefined` when none does. */
  place(): Choice | undefined;
}

const REFUSED = -Infinity;

/**
 * Feasible → score → bind. One pass over all nodes keeps as many of the best as replicas are wanted: a node beyond those could only win once each of
 * them was chosen. Each further replica re-examines only the node that changed. Equals go to the lower id, so the same snapshot always gives the same
 * plan.
 *
 * @param wanted how often `place` is called at most
 */
export function createPlacer(first: Ask, ledger: Ledger, weights: ScoreWeights, wanted: number): Placer {
  const replicasOn = new Map(first.replicasOn);
  const ask: Ask = { ...first, replicasOn };
  const candidates = ledger.candidatesOf(ask.orgId);
  const { nodes } = candidates.list;
  let best: BestHeap | undefined;
  let fitting = 0;
  let asked = 0;

  const isLower = (a: number, b: number): boolean => isLowerId(nodes[a], nodes[b]);
  const examine = (node: SnapshotNode): number => (findRefusal(ask, node) ? REFUSED : computeScore(ask, node, weights));

  function findBest(): BestHeap {
    const positions: number[] = [];
    const scores: number[] = [];
    /** Those kept, the worst of them first, as soon as there are as many as are wanted. */
    let worst: BestHeap | undefined;
    function consider(position: number, score: number): number {
      if (worst) {
        const least = worst.firstScore;
        if (score > least || (score === least && isLower(position, worst.first ?? -1))) worst.replaceFirst(position, score);
        return worst.firstScore;
      }
      scores.push(score);
      if (positions.push(position) < wanted) return REFUSED;
      worst = createBestHeap(positions, scores, 'worst', isLower);
      return worst.firstScore;
    }
    for (const [position, node] of candidates.changed) {
      const score = examine(node);
      if (score === REFUSED) continue;
      fitting += 1;
      consider(position, score);
    }
    fitting += scanNodes(ask, weights, candidates.list, candidates.marks, consider);
    return createBestHeap(worst?.positions ?? positions, worst?.scores ?? scores, 'best', isLower);
  }

  return {
    place() {
      asked += 1;
      assert(asked <= wanted, 'no more replicas are placed than were wanted');
      best ??= findBest();
      const position = best.first ?? -1;
      const score = best.firstScore;
      const node = candidates.at(position);
      if (!node || score === REFUSED) return undefined;
      const choice = describe(ask, node, score, { fitting, lookedAt: nodes.length });
      ledger.reserve(ask.orgId, position, ask);
      replicasOn.set(node.row.id, (replicasOn.get(node.row.id) ?? 0) + 1);
      const after = candidates.at(position);
      const scoreAfter = after ? examine(after) : REFUSED;
      best.replaceFirst(position, scoreAfter);
      if (scoreAfter === REFUSED) fitting -= 1;
      return choice;
    },
  };
}

const isLowerId = (node: SnapshotNode | undefined, other: SnapshotNode | undefined): boolean =>
  !other || (node !== undefined && node.row.id < other.row.id);

function describe(ask: Ask, node: SnapshotNode, score: number, { fitting, lookedAt }: { fitting: number; lookedAt: number }): Choice {
  const terms = computeTerms(ask, node);
  const percent = Math.round((terms['utilisation'] ?? 0) * 100);
  const message =
    fitting === 1
      ? `${node.row.name} is the only device that fits (${lookedAt} looked at)`
      : `${node.row.name} scored best of ${fitting} devices that fit (${lookedAt} looked at): ${percent} % full with it`;
  return { node, score: Math.round(score * 10_000) / 10_000, terms, message, params: { fitting, lookedAt, percent } };
}
