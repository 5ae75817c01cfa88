/** Positions by score. Only the first one is ever replaced, or changes its score. */
export interface BestHeap {
  readonly first: number | undefined;
  /** Of the first; `-Infinity` when there is none. */
  readonly firstScore: number;
  /** All of them, the first one first, and the score of each. */
  readonly positions: Int32Array;
  readonly scores: Float64Array;
  /** Puts another position in the place of the first, or the same with another score. */
  replaceFirst(position: number, score: number): void;
}

/** Whether the first of two positions of equal scores is the better one. */
export type Tie = (a: number, b: number) => boolean;

/**
 * A binary heap, built in linear time (Floyd, "Algorithm 245: Treesort 3", 1964). Scores stand in the order of the heap, and only equal ones are asked
 * about: a search turns over hundreds of nodes, and looking each up took most of it.
 *
 * @param order which comes first
 */
export function createBestHeap(from: ArrayLike<number>, scoresOf: ArrayLike<number>, order: 'best' | 'worst', isBetter: Tie): BestHeap {
  const positions = Int32Array.from(from);
  const scores = Float64Array.from(scoresOf);
  const { length } = positions;
  const isBestFirst = order === 'best';

  const at = (place: number): number => positions[place] ?? -1;
  const scoreAt = (place: number): number => scores[place] ?? -Infinity;
  const isBefore = (position: number, score: number, place: number): boolean => {
    const other = scoreAt(place);
    if (score !== other) return score > other === isBestFirst;
    return isBetter(position, at(place)) === isBestFirst;
  };

  /** Moves what belongs before those below it down to where it belongs. */
  function sink(start: number, position: number, score: number): void {
    let place = start;
    for (let child = 2 * place + 1; child < length; child = 2 * place + 1) {
      if (child + 1 < length && isBefore(at(child + 1), scoreAt(child + 1), child)) child += 1;
      if (isBefore(position, score, child)) break;
      positions[place] = at(child);
      scores[place] = scoreAt(child);
      place = child;
    }
    positions[place] = position;
    scores[place] = score;
  }

  for (let place = (length >> 1) - 1; place >= 0; place -= 1) sink(place, at(place), scoreAt(place));
  return {
    get first() {
      return positions[0];
    },
    get firstScore() {
      return scores[0] ?? -Infinity;
    },
    positions,
    scores,
    replaceFirst: (position, score) => sink(0, position, score),
  };
}
