/** When each key is due, and which are due now: the cost is that of those that are, however many wait. */
export interface DueTimes<Key> {
  /** Time of the earliest; `Infinity` when none waits. */
  readonly earliestMs: number;
  /** Due at `atMs`, or sooner when it was due sooner. */
  set(key: Key, atMs: number): void;
  delete(key: Key): void;
  /** Those due by `nowMs`, the earliest first. They wait no longer. */
  take(nowMs: number): readonly Key[];
}

type Entry<Key> = { readonly key: Key; readonly atMs: number; readonly order: number };

/** A binary heap. An entry whose key was deleted, or made due sooner by another, stays in it until its time and is then left out. */
export function createDueTimes<Key>(): DueTimes<Key> {
  const heap: Entry<Key>[] = [];
  const dueAtMs = new Map<Key, number>();
  let entries = 0;

  // Equals in the order in which they were set, so that the same course of things gives the same order.
  const isBefore = (a: Entry<Key>, b: Entry<Key>): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

  function rise(entry: Entry<Key>): void {
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (!parent || !isBefore(entry, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = entry;
  }

  function sink(entry: Entry<Key>): void {
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      const [left, right] = [heap[below], heap[below + 1]];
      if (!left) break;
      let child = left;
      if (right && isBefore(right, left)) {
        child = right;
        below += 1;
      }
      if (!isBefore(child, entry)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = entry;
  }

  function removeFirst(): void {
    const last = heap.pop();
    if (last && heap.length > 0) sink(last);
  }

  /** The first that still holds. */
  function findFirst(): Entry<Key> | undefined {
    for (let first = heap[0]; first; first = heap[0]) {
      if (dueAtMs.get(first.key) === first.atMs) return first;
      removeFirst();
    }
    return undefined;
  }

  return {
    get earliestMs() {
      return findFirst()?.atMs ?? Infinity;
    },
    set(key, atMs) {
      if ((dueAtMs.get(key) ?? Infinity) <= atMs) return;
      dueAtMs.set(key, atMs);
      entries += 1;
      rise({ key, atMs, order: entries });
    },
    delete: (key) => void dueAtMs.delete(key),
    take(nowMs) {
      const taken: Key[] = [];
      for (let first = findFirst(); first && first.atMs <= nowMs; first = findFirst()) {
        dueAtMs.delete(first.key);
        removeFirst();
        taken.push(first.key);
      }
      return taken;
    },
  };
}
