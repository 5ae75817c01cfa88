import { type Clock, type Entropy, type Logger } from '@cloudless/kernel';
import { CloudlessError } from '@cloudless/proto';
import { type RetentionLimits } from '../retention.ts';
import type { SqlDriver } from '../sql/driver.ts';
import { createGuardedWriter } from '../sql/guarded-writer.ts';
import { createChangeRing } from './change-ring.ts';
import { createCommitQueue } from './commit-queue.ts';
import { findMalformed } from './compose-group.ts';
import { readEvents } from './events.ts';
import { loadControl } from './load-control.ts';
import { createRetention } from './retention-timer.ts';
import type { TableSize } from '../table-sizes.ts';
import type { CommittedBatch, Store } from './store.ts';

export type StoreOptions = {
  readonly driver: SqlDriver;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  /** Fencing token, from `openCluster`. */
  readonly token: number;
  /** Batches that may wait. Default 4096; beyond it `commit` throws `overloaded`. */
  readonly queueLimit?: number;
  /** Committed batches kept for `changesSince`. Default 4096. */
  readonly ringLimit?: number;
  readonly retention?: RetentionLimits;
};

/**
 * Loads the control tables and serves them from memory; see `Store`.
 *
 * @throws CloudlessError `store_unavailable` when the database cannot be read or a row of it does not parse
 */
export async function createStore(options: StoreOptions): Promise<Store> {
  const { driver, clock, logger, queueLimit = 4096, ringLimit = 4096 } = options;
  const { memory, headRevision } = await loadControl(driver);
  const ring = createChangeRing(ringLimit, headRevision);
  const listeners = new Set<(batch: CommittedBatch) => void>();
  const writer = createGuardedWriter(options);
  const largeListeners = new Set<(size: TableSize) => void>();
  const retention = createRetention({
    writer,
    clock,
    logger,
    driver,
    limits: options.retention ?? {},
    onLarge: (size) => largeListeners.forEach((listener) => listener(size)),
  });
  let revision = headRevision;
  let isStopped = false;

  function apply(batch: CommittedBatch): void {
    memory.apply(batch.changes, batch.revision);
    ring.push(batch);
    revision = batch.revision;
  }

  function notify(batch: CommittedBatch): void {
    for (const listener of listeners) {
      try {
        listener(batch);
      } catch (error) {
        logger.error({ op: 'store.listener', outcome: 'failed', batchId: batch.id, revision: batch.revision }, error);
      }
    }
  }

  const queue = createCommitQueue({
    writer,
    clock,
    logger,
    memory,
    queueLimit,
    revision: () => revision,
    apply,
    notify,
    afterGroup: retention.countGroup,
  });

  return {
    get revision() {
      return revision;
    },
    get: (table, id) => memory.get(table, id),
    list: (table) => memory.list(table),
    allocationsOfWorkload: (workloadId) => memory.allocationsOfWorkload(workloadId),
    allocationsOfNode: (nodeId) => memory.allocationsOfNode(nodeId),
    async commit(batch, signal) {
      signal?.throwIfAborted();
      if (isStopped) throw new CloudlessError('store_unavailable', 'The store is stopping and takes no more changes.');
      const malformed = findMalformed(batch);
      if (malformed !== undefined) throw new Error(`invariant broken: ${malformed}`);
      const done = ring.revisionOf(batch.id);
      return done === undefined ? await queue.push(batch, signal) : { kind: 'committed', revision: done };
    },
    onCommit(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    onTableLarge(listener) {
      largeListeners.add(listener);
      return () => void largeListeners.delete(listener);
    },
    changesSince: (since) => ring.since(since),
    listEvents: (query, signal) => readEvents(driver, query, signal),
    async stop() {
      isStopped = true;
      await queue.drained();
      await retention.stop();
    },
  };
}
