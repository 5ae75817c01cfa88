/** A first-in first-out buffer with a written limit. */
export interface BoundedQueue<T> {
  readonly size: number;
  /** `false` when the queue is full: the caller decides what to drop, and says so. */
  push(value: T): boolean;
  shift(): T | undefined;
  clear(): void;
}

export function createBoundedQueue<T>(limit: number): BoundedQueue<T> {
  /** Before `head` is nothing: who waited may hold much, and is let go of at once. */
  let values: (T | undefined)[] = [];
  let head = 0;
  const size = (): number => values.length - head;
  return {
    get size() {
      return size();
    },
    push(value) {
      if (size() >= limit) return false;
      values.push(value);
      return true;
    },
    shift() {
      if (size() === 0) return undefined;
      const value = values[head];
      values[head] = undefined;
      head += 1;
      if (head === values.length || (head > 1024 && head * 2 > values.length)) {
        values = values.slice(head);
        head = 0;
      }
      return value;
    },
    clear() {
      values = [];
      head = 0;
    },
  };
}
