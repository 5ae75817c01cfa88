import { findCluster, type SqlDriver, type Store } from '@cloudless/db';
import { withDeadline, type Clock, type Timer } from '@cloudless/kernel';
import type { AllocationId } from '@cloudless/proto';

export type SoleLeadOptions = {
  readonly driver: SqlDriver;
  readonly store: Pick<Store, 'list' | 'onCommit'>;
  readonly clock: Clock;
  readonly token: number;
};

/** How certain a coordinator without a lease is that no other took over its database while it stood still. */
export interface SoleLead {
  /** Time in ms since it surely led; `Infinity` when that was never looked up, or another leads. Right after a freeze too. */
  ageMs(): number;
  stop(): void;
}

const LOOK_MS = 500;
const READ_MS = 5000;

/**
 * Looks up again and again whose the database is, while there is an exclusive allocation: its lease is all that no guarded write protects.
 */
export function watchSoleLead({ driver, store, clock, token }: SoleLeadOptions): SoleLead {
  const stopping = new AbortController();
  const exclusive = new Set<AllocationId>();
  let confirmedMs = -Infinity;
  let isLooking = false;
  let timer: Timer | undefined;

  async function look(): Promise<void> {
    isLooking = true;
    const askedMs = clock.bootMs();
    try {
      const cluster = await withDeadline(clock, 'reading who leads', READ_MS, () => findCluster(driver), stopping.signal);
      confirmedMs = cluster?.token === token ? askedMs : -Infinity;
    } catch {
      // What was confirmed before grows old meanwhile.
    }
    isLooking = false;
    if (!stopping.signal.aborted && exclusive.size > 0) timer = clock.setTimer(LOOK_MS, () => void look());
  }

  function lookNow(): void {
    if (isLooking) return;
    timer?.cancel();
    void look();
  }

  for (const { row } of store.list('allocation')) if (row.spec.exclusive) exclusive.add(row.id);
  if (exclusive.size > 0) lookNow();
  const stopListening = store.onCommit(({ changes }) => {
    for (const change of changes) {
      if (change.kind === 'event' || change.table !== 'allocation') continue;
      if (change.kind === 'remove') {
        exclusive.delete(change.before.id);
      } else if (change.row.spec.exclusive && !exclusive.has(change.row.id)) {
        exclusive.add(change.row.id);
        lookNow();
      }
    }
  });
  return {
    ageMs: () => clock.bootMs() - confirmedMs,
    stop() {
      stopping.abort(new Error('stopping'));
      timer?.cancel();
      stopListening();
    },
  };
}
