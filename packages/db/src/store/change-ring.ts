import type { BatchId } from '@cloudless/proto';
import type { CommittedBatch } from './store.ts';

export type ChangesSince = { readonly kind: 'changes'; readonly batches: readonly CommittedBatch[] } | { readonly kind: 'reset' };

/** The newest committed batches, by revision and by id. */
export interface ChangeRing {
  push(batch: CommittedBatch): void;
  since(revision: number): ChangesSince;
  /** Revision of a batch that is still kept: a repeated commit of it has happened already. */
  revisionOf(id: BatchId): number | undefined;
}

/**
 * @param limit batches kept
 * @param startRevision newest revision before the first batch; nothing older can be resumed
 */
export function createChangeRing(limit: number, startRevision: number): ChangeRing {
  const slots: CommittedBatch[] = [];
  const revisions = new Map<BatchId, number>();
  let newest = startRevision;
  let oldestKept = startRevision + 1;
  const slotOf = (revision: number): number => (revision - startRevision - 1) % limit;

  return {
    push(batch) {
      const slot = slotOf(batch.revision);
      const replaced = slots[slot];
      if (replaced) {
        revisions.delete(replaced.id);
        oldestKept = replaced.revision + 1;
      }
      slots[slot] = batch;
      revisions.set(batch.id, batch.revision);
      newest = batch.revision;
    },
    since(revision) {
      if (revision > newest || revision + 1 < oldestKept) return { kind: 'reset' };
      const batches: CommittedBatch[] = [];
      for (let next = revision + 1; next <= newest; next += 1) {
        const batch = slots[slotOf(next)];
        if (batch) batches.push(batch);
      }
      return { kind: 'changes', batches };
    },
    revisionOf: (id) => revisions.get(id),
  };
}
