import { withDeadline, type Clock, type Logger } from '@cloudless/kernel';
import type { AllocationId, Assignment, Cause, LendingRule } from '@cloudless/proto';
import type { DiskUse, ObservedContainer, Owner, Runtime } from '../runtime/runtime.ts';
import { judgeDisk } from './judge-disk.ts';

/** Disk is measured this often while anything runs: an engine walks files for it. So long may a container be beyond its limit. */
export const DISK_EVERY_MS = 60_000;
const MEASURE_DEADLINE_MS = 30_000;

/** What containers write to the disk, against their limits and the owner's ceiling: no engine limits it everywhere. */
export interface DiskWatch {
  /** Why it may not go on; `undefined` while it holds no more than it may. */
  overused(id: AllocationId): Cause | undefined;
  /** As last measured, of everything or of one. */
  usedBytes(id?: AllocationId): number;
  stop(): void;
}

export type DiskWatchDeps = {
  readonly runtime: Pick<Runtime, 'diskUse'>;
  readonly owner: Owner;
  readonly assignments: () => readonly Assignment[];
  readonly running: () => readonly ObservedContainer[];
  readonly rule: () => LendingRule;
  readonly onOverused: (ids: readonly AllocationId[]) => void;
  readonly clock: Clock;
  readonly logger: Logger;
};

export function startDiskWatch(deps: DiskWatchDeps): DiskWatch {
  const { clock, logger } = deps;
  let uses: readonly DiskUse[] = [];
  let over: ReadonlyMap<AllocationId, Cause> = new Map();
  let isStopped = false;

  async function measure(): Promise<void> {
    if (deps.running().length === 0) uses = [];
    else uses = await withDeadline(clock, 'measuring the disk', MEASURE_DEADLINE_MS, (signal) => deps.runtime.diskUse(deps.owner, signal));
    if (isStopped) return;
    over = judgeDisk(uses, deps.assignments(), deps.rule());
    for (const [allocationId, { message }] of over)
      logger.warn({ op: 'allocation.disk', outcome: 'refused', allocationId, reason: message });
    if (over.size > 0) deps.onOverused([...over.keys()]);
  }

  function again(): void {
    measure()
      .catch((cause: unknown) => logger.warn({ op: 'disk.measure', outcome: 'failed' }, cause))
      .finally(() => {
        if (!isStopped) timer = clock.setTimer(DISK_EVERY_MS, again);
      });
  }

  let timer = clock.setTimer(DISK_EVERY_MS, again);
  return {
    overused: (id) => over.get(id),
    usedBytes: (id) => uses.reduce((sum, { allocationId, bytes }) => (id === undefined || id === allocationId ? sum + bytes : sum), 0),
    stop() {
      isStopped = true;
      timer.cancel();
    },
  };
}
