/** Positions ordered by what `isBefore` says; only the first one's rank ever changes. */
export interface BestHeap {
  readonly first: number | undefined;
  /** Moves the first position down to where its changed rank belongs. */
  sinkFirst(): void;
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
    sinkFirst: () => sink(0),
  };
}
