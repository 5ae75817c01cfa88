import { assert } from '@cloudless/kernel';
import type { Ask } from './ask.ts';
import { createBestHeap, type BestHeap } from './best-heap.ts';
import { createFeasibility } from './feasible/filters.ts';
import type { Ledger } from './ledger.ts';
import { computeScore, computeTerms } from './score/score.ts';
import { freeSum, freeSumAt } from './score/utilisation.ts';
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
/** It fits, and cannot be the best. */
const UNSCORED = Number.NaN;
/** More than what rounding may take from a sum of shares. */
const EPSILON = 1e-9;

/**
 * Feasible → score → bind over all nodes in one pass. Each further replica of the same ask re-examines only the node that changed
 * and takes the best of the kept scores. Equals go to the lower id, so the same snapshot always gives the same plan.
 *
 * @param wanted how often `place` is called at most: for one replica, nodes that cannot win are not scored
 */
export function createPlacer(first: Ask, ledger: Ledger, weights: ScoreWeights, wanted: number): Placer {
  const replicasOn = new Map(first.replicasOn);
  const ask: Ask = { ...first, replicasOn };
  const candidates = ledger.candidatesOf(ask.orgId);
  const isFeasible = createFeasibility(ask);
  const examine = (node: SnapshotNode): number => (isFeasible(node) ? computeScore(ask, node, weights) : REFUSED);
  let scores: Float64Array | undefined;
  let heap: BestHeap | undefined;
  let fitting = 0;
  let asked = 0;

  const scoreAt = (position: number): number => scores?.[position] ?? REFUSED;
  function isBefore(a: number, b: number): boolean {
    const score = scoreAt(a);
    const other = scoreAt(b);
    return score === other ? isLower(candidates[a], candidates[b]) : score > other;
  }

  function scan(): number {
    scores = new Float64Array(candidates.length);
    let best = -1;
    let bestScore = REFUSED;
    /** Of who wants one replica: a node with more left free scores less than the best so far, whatever else there is to it. */
    let mostFree = Infinity;
    let position = 0;
    for (const node of candidates) {
      const fits = isFeasible(node);
      if (fits) fitting += 1;
      const cannotWin = fits && mostFree < Infinity && freeSum(ask, node) > mostFree;
      const score = !fits ? REFUSED : cannotWin ? UNSCORED : computeScore(ask, node, weights);
      scores[position] = score;
      if (score > bestScore || (fits && score === bestScore && isBefore(position, best))) {
        best = position;
        bestScore = score;
        if (wanted === 1 && weights.utilisation > 0) mostFree = freeSumAt(bestScore / weights.utilisation) + EPSILON;
      }
      position += 1;
    }
    return best;
  }

  /** Most workloads have one replica, for which a scan will do; the second pays for the order of the rest. */
  function findBest(): number {
    if (!scores) return scan();
    if (heap) heap.sinkFirst();
    else heap = createBestHeap(listFitting(), isBefore);
    return heap.first ?? -1;
  }

  function listFitting(): Int32Array {
    const positions = new Int32Array(fitting);
    let count = 0;
    for (let position = 0; position < candidates.length; position += 1)
      if (scoreAt(position) !== REFUSED) {
        positions[count] = position;
        count += 1;
      }
    return positions;
  }

  return {
    place() {
      asked += 1;
      assert(asked <= wanted, 'no more replicas are placed than were wanted');
      const position = findBest();
      const node = candidates[position];
      if (!scores || !node || scoreAt(position) === REFUSED) return undefined;
      const choice = describe(ask, node, scoreAt(position), { fitting, lookedAt: candidates.length });
      ledger.reserve(ask.orgId, position, ask);
      replicasOn.set(node.row.id, (replicasOn.get(node.row.id) ?? 0) + 1);
      const after = candidates[position];
      scores[position] = after ? examine(after) : REFUSED;
      if (scores[position] === REFUSED) fitting -= 1;
      return choice;
    },
  };
}

const isLower = (node: SnapshotNode | undefined, other: SnapshotNode | undefined): boolean =>
  !other || (node !== undefined && node.row.id < other.row.id);

function describe(ask: Ask, node: SnapshotNode, score: number, { fitting, lookedAt }: { fitting: number; lookedAt: number }): Choice {
  const terms = computeTerms(ask, node);
  const percent = Math.round((terms['utilisation'] ?? 0) * 100);
  const message =
    fitting === 1
      ? `${node.row.name} is the only device that fits (${lookedAt} looked at)`
      : `${node.row.name} scored best of ${fitting} devices that fit (${lookedAt} looked at): ${percent} % full with it`;
  return { node, score: Math.round(score * 10_000) / 10_000, terms, message };
}
