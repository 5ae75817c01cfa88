/** Positions ordered by what `isBefore` says; only the first one is ever replaced, or changes its rank. */
export interface BestHeap {
  readonly first: number | undefined;
  /** All of them, the first one first. */
  readonly positions: Int32Array;
  /** Moves the first position down to where its changed rank belongs. */
  sinkFirst(): void;
  /** Puts another position in the place of the first. */
  replaceFirst(position: number): void;
}

/** A binary heap, built in linear time (Floyd, "Algorithm 245: Treesort 3", 1964). */
export function createBestHeap(positions: Iterable<number>, isBefore: (a: number, b: number) => boolean): BestHeap {
  const heap = Int32Array.from(positions);

  function sink(start: number): void {
    let at = start;
    for (;;) {
      const moving = heap[at];
      if (moving === undefined) return;
      let best = at;
      let winner = moving;
      for (let child = 2 * at + 1; child <= 2 * at + 2; child += 1) {
        const candidate = heap[child];
        if (candidate === undefined || !isBefore(candidate, winner)) continue;
        best = child;
        winner = candidate;
      }
      if (best === at) return;
      heap[at] = winner;
      heap[best] = moving;
      at = best;
    }
  }

  for (let at = (heap.length >> 1) - 1; at >= 0; at -= 1) sink(at);
  return {
    get first() {
      return heap[0];
    },
    positions: heap,
    sinkFirst: () => sink(0),
    replaceFirst(position) {
      heap[0] = position;
      sink(0);
    },
  };
}
