import { createHeap } from '@cloudless/kernel';

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

/** An entry whose key was deleted, or made due sooner by another, stays in the heap until its time and is then left out. */
export function createDueTimes<Key>(): DueTimes<Key> {
  // Equals in the order in which they were set.
  const heap = createHeap<Entry<Key>>((a, b) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order));
  const dueAtMs = new Map<Key, number>();
  let entries = 0;

  /** The first that still holds. */
  function findFirst(): Entry<Key> | undefined {
    for (let { first } = heap; first; first = heap.first) {
      if (dueAtMs.get(first.key) === first.atMs) return first;
      heap.removeFirst();
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
      heap.push({ key, atMs, order: entries });
    },
    delete: (key) => void dueAtMs.delete(key),
    take(nowMs) {
      const taken: Key[] = [];
      for (let first = findFirst(); first && first.atMs <= nowMs; first = findFirst()) {
        dueAtMs.delete(first.key);
        heap.removeFirst();
        taken.push(first.key);
      }
      return taken;
    },
  };
}
