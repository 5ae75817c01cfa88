import type { Clock, Timer } from '@cloudless/kernel';
import type { AllocationId, AllocationObserved, AllocationReport } from '@cloudless/proto';

/** Reports go out no more often; the first after a pause waits for nothing. */
const COALESCE_MS = 15;
const RETRY_MS = 250;
/** As in the wire's schema. */
const MAX_REPORTS = 1000;

/** The newest unreported state of each allocation: bounded by the number of allocations, whatever happens to them. */
export interface Outbox {
  put(allocationId: AllocationId, observed: AllocationObserved): void;
  /** From now on reports go out by `send`; it returns `false` when it could not take them. */
  open(send: (reports: AllocationReport[]) => boolean): void;
  /** Keeps what comes until the next `open`. */
  close(): void;
  /** Forgets everything: a hello is about to carry the full state. */
  clear(): void;
}

export function createOutbox(clock: Clock): Outbox {
  const waiting = new Map<AllocationId, AllocationObserved>();
  let send: ((reports: AllocationReport[]) => boolean) | undefined;
  let timer: Timer | undefined;
  let sentAtMs = -Infinity;

  const schedule = (delayMs = Math.max(0, sentAtMs + COALESCE_MS - clock.bootMs())): void => {
    if (!send || waiting.size === 0) return;
    timer ??= clock.setTimer(delayMs, flush);
  };

  function flush(): void {
    timer = undefined;
    if (!send) return;
    const batch = [...waiting].slice(0, MAX_REPORTS);
    if (batch.length === 0) return;
    if (!send(batch.map(([allocationId, observed]) => ({ allocationId, observed })))) return schedule(RETRY_MS);
    for (const [id] of batch) waiting.delete(id);
    sentAtMs = clock.bootMs();
    schedule();
  }

  return {
    put(allocationId, observed) {
      waiting.set(allocationId, observed);
      schedule();
    },
    open(next) {
      send = next;
      schedule();
    },
    close() {
      send = undefined;
      timer?.cancel();
      timer = undefined;
    },
    clear: () => waiting.clear(),
  };
}
