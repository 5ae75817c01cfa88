import type { AllocationId } from '@cloudless/proto';

/** Who wants to know of appended lines. */
export function createListeners(): { on(id: AllocationId, listener: () => void): () => void; tell(id: AllocationId): void } {
  const listeners = new Map<AllocationId, Set<() => void>>();
  return {
    on(id, listener) {
      const own = listeners.get(id) ?? new Set();
      listeners.set(id, own.add(listener));
      return () => {
        own.delete(listener);
        if (own.size === 0) listeners.delete(id);
      };
    },
    tell(id) {
      for (const listener of [...(listeners.get(id) ?? [])]) listener();
    },
  };
}
