/** A binary heap: the first by `isBefore` is at hand, and comes off in a time that grows with the logarithm of how many there are. */
export interface Heap<T> {
  readonly size: number;
  readonly first: T | undefined;
  push(item: T): void;
  removeFirst(): void;
  /** Leaves only those that `isKept`. */
  retain(isKept: (item: T) => boolean): void;
}

/** @param isBefore a total order, so that the same course of things gives the same order */
export function createHeap<T extends object>(isBefore: (a: T, b: T) => boolean): Heap<T> {
  let items: T[] = [];

  function rise(item: T, from: number): void {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = items[above];
      if (!parent || !isBefore(item, parent)) break;
      items[at] = parent;
      at = above;
    }
    items[at] = item;
  }

  function sink(item: T, from: number): void {
    let at = from;
    for (;;) {
      const left = 2 * at + 1;
      const [first, second] = [items[left], items[left + 1]];
      if (!first) break;
      const [below, child] = second && isBefore(second, first) ? [left + 1, second] : [left, first];
      if (!isBefore(child, item)) break;
      items[at] = child;
      at = below;
    }
    items[at] = item;
  }

  return {
    get size() {
      return items.length;
    },
    get first() {
      return items[0];
    },
    push: (item) => rise(item, items.length),
    removeFirst() {
      const last = items.pop();
      if (last && items.length > 0) sink(last, 0);
    },
    retain(isKept) {
      items = items.filter(isKept);
      for (let index = (items.length >> 1) - 1; index >= 0; index -= 1) {
        const item = items[index];
        if (item) sink(item, index);
      }
    },
  };
}
