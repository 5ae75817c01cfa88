import type { Clock, Timer } from '@cloudless/kernel';
import type { AllocationId } from '@cloudless/proto';

/** What a turn of one allocation's work ended with. */
export type Turn = { readonly kind: 'done' } | { readonly kind: 'later'; readonly delayMs: number };

type Slot = { isRunning: boolean; isTouched: boolean; isQueued: boolean; controller: AbortController; timer?: Timer };

/** One turn at a time for each allocation, and at most `limit` turns at once. */
export interface WorkerPool {
  /** Asks for a turn; while one runs, for another after it. */
  touch(id: AllocationId): void;
  /** Aborts the running turn, if any; it is taken again. */
  interrupt(id: AllocationId): void;
  /** Aborts every turn and resolves when none runs. */
  stop(): Promise<void>;
}

/**
 * @param turn does the work of one allocation; must not reject
 */
export function createWorkerPool(clock: Clock, limit: number, turn: (id: AllocationId, signal: AbortSignal) => Promise<Turn>): WorkerPool {
  const slots = new Map<AllocationId, Slot>();
  const queue: AllocationId[] = [];
  const running = new Set<Promise<void>>();
  let isStopped = false;

  const slotOf = (id: AllocationId): Slot => {
    const slot = slots.get(id) ?? { isRunning: false, isTouched: false, isQueued: false, controller: new AbortController() };
    slots.set(id, slot);
    return slot;
  };

  async function run(id: AllocationId, slot: Slot): Promise<void> {
    slot.isRunning = true;
    slot.isTouched = false;
    slot.controller = new AbortController();
    const result = await turn(id, slot.controller.signal);
    slot.isRunning = false;
    if (isStopped) return;
    if (slot.isTouched) enqueue(id, slot);
    else if (result.kind === 'later') slot.timer = clock.setTimer(result.delayMs, () => touch(id));
    else slots.delete(id);
  }

  function pump(): void {
    while (!isStopped && running.size < limit) {
      const id = queue.shift();
      if (id === undefined) return;
      const slot = slotOf(id);
      slot.isQueued = false;
      const work = run(id, slot).finally(() => {
        running.delete(work);
        pump();
      });
      running.add(work);
    }
  }

  function enqueue(id: AllocationId, slot: Slot): void {
    slot.timer?.cancel();
    if (slot.isQueued) return;
    slot.isQueued = true;
    queue.push(id);
    pump();
  }

  function touch(id: AllocationId): void {
    if (isStopped) return;
    const slot = slotOf(id);
    if (slot.isRunning) slot.isTouched = true;
    else enqueue(id, slot);
  }

  return {
    touch,
    interrupt(id) {
      const slot = slots.get(id);
      if (!slot?.isRunning) return;
      slot.isTouched = true;
      slot.controller.abort(new Error('the assignment changed'));
    },
    async stop() {
      isStopped = true;
      for (const slot of slots.values()) {
        slot.timer?.cancel();
        slot.controller.abort(new Error('the agent stops'));
      }
      await Promise.all(running);
    },
  };
}
