import type { Mutation, Store } from '@cloudless/db';
import type { Clock, Entropy, Logger, Stoppable, Timer } from '@cloudless/kernel';
import { ID_PREFIX, type BatchId } from '@cloudless/proto';

export type ForgetNodesDeps = { readonly store: Store; readonly clock: Clock; readonly entropy: Entropy; readonly logger: Logger };

/** Longer than any certificate of the device could still be renewed (30 days after its end), so that none comes back as a stranger. */
export const REVOKED_KEPT_MS = 60 * 86_400_000;
const EVERY_MS = 6 * 3_600_000;
const AT_ONCE = 100;

/** Removes the rows of devices that left the cluster long ago and hold nothing any more. A row that changes meanwhile waits for the next time. */
export function createForgetNodes({ store, clock, entropy, logger }: ForgetNodesDeps): Stoppable {
  let timer: Timer | undefined;
  let running: Promise<void> | undefined;

  async function forget(): Promise<void> {
    const before = clock.now() - REVOKED_KEPT_MS;
    const due: Mutation[] = [];
    for (const { row, version } of store.list('node')) {
      if (row.revokedAt === undefined || row.revokedAt > before || store.allocationsOfNode(row.id).length > 0) continue;
      due.push({ kind: 'remove', table: 'node', id: row.id, expect: version });
      if (due.length === AT_ONCE) break;
    }
    if (due.length === 0) return;
    const { kind } = await store.commit({ id: entropy.id(ID_PREFIX.batch) as BatchId, mutations: due });
    logger.info({ op: 'node.forget', outcome: kind === 'committed' ? 'ok' : 'refused', nodes: due.length });
  }

  function schedule(): void {
    timer = clock.setTimer(EVERY_MS, () => {
      running = forget().catch((cause: unknown) => logger.warn({ op: 'node.forget', outcome: 'failed' }, cause));
      schedule();
    });
  }
  schedule();

  return {
    async stop() {
      timer?.cancel();
      await running;
    },
  };
}
