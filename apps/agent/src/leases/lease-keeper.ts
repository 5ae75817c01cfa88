import type { Clock, Logger, Timer } from '@cloudless/kernel';
import { leaseMsOf, type AllocationId, type Assignment, type Cause } from '@cloudless/proto';
import type { AllocationMemory } from '../reconcile/allocation-memory.ts';
import type { Owner } from '../runtime/runtime.ts';
import type { LeaseFile, LeaseStore } from './lease-file.ts';

/** A lease is asked for again when so much of it has passed: two more tries fit before its end. */
const RENEW_AFTER = 1 / 3;

export type GrantedLease = { readonly allocationId: AllocationId; readonly leaseMs: number };

/** What may run here now, by the leases that it holds and by how long no coordinator was heard. Counted in boot time. */
export interface LeaseKeeper {
  /** Exclusive replicas for which a lease is to be asked now. */
  due(): readonly AllocationId[];
  /** Grants that answer what was sent at `sentAtMs`. Resolves when they are durable, and only then hold. */
  granted(sentAtMs: number, grants: readonly GrantedLease[]): Promise<void>;
  /** A coordinator spoke, and what it said to hold is held. */
  contact(): void;
  /** Assignments changed. */
  assigned(): void;
  /** Why a replica may not run now; `undefined` while it may. */
  pauseOf(assignment: Assignment): Cause | undefined;
  /** The machine is shut down: nothing exclusive may run any more, and no lease is asked for or taken. @returns what may hold one */
  close(): readonly AllocationId[];
  /** These have ended after `close`. Resolves when their leases are gone from the disk too, so that no later agent runs them on. */
  release(ids: readonly AllocationId[]): Promise<void>;
  stop(): void;
}

export type LeaseKeeperDeps = {
  readonly owner: () => Owner | undefined;
  readonly store: LeaseStore;
  readonly assignments: () => readonly Assignment[];
  /** Of the process before: what it had stopped for want of a coordinator stays stopped. */
  readonly memories: readonly AllocationMemory[];
  /** Something may run that might not, or the other way round. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
};

const AWAITED: Cause = { code: 'leaseAwaited', message: 'It runs at most once, and waits for its lease from the coordinator.' };
const ENDED: Cause = { code: 'leaseEnded', message: 'It runs at most once, and its lease ended: no coordinator renewed it in time.' };
const SHUT_DOWN: Cause = {
  code: 'leaseReleased',
  message: 'It runs at most once, and its device is shut down: it was stopped here, so that another device may run it.',
};
const ALONE: Cause = {
  code: 'stoppedAlone',
  message: 'No coordinator was reached for as long as it may run without one; it starts again when one answers.',
};

/** Leases of an earlier process of this boot hold on; those of an earlier boot do not. What was stopped alone stays so across both. */
export async function startLeaseKeeper(deps: LeaseKeeperDeps): Promise<LeaseKeeper> {
  const { clock, store, logger } = deps;
  const endsAtMs = new Map<AllocationId, number>();
  const saved = await store.load();
  if (saved?.bootId === store.bootId) for (const lease of saved.leases) endsAtMs.set(lease.allocationId, lease.endsAtMs);
  /** After a start: from the start on, because what was before is not known. */
  let contactAtMs = clock.bootMs();
  /** Stopped by an earlier process, which heard of no coordinator until its end; neither has this one. */
  const stoppedBefore = new Set(
    deps.memories.filter(({ observed }) => observed.cause.code === ALONE.code).map((known) => known.allocationId),
  );
  const paused = new Set<AllocationId>();
  let isClosed = false;
  const released = new Set<AllocationId>();
  let timer: Timer | undefined;
  let timerAtMs = Infinity;
  let writing: Promise<void> = Promise.resolve();

  const leftMs = (id: AllocationId): number => (endsAtMs.get(id) ?? -Infinity) - clock.bootMs();
  const isExclusive = ({ desired, spec }: Assignment): boolean => desired === 'running' && spec.exclusive;

  /** When what is assigned may run no longer unless something comes; `Infinity` when nothing limits it. */
  function limitOf({ allocationId, spec }: Assignment): number {
    if (spec.exclusive) return endsAtMs.get(allocationId) ?? -Infinity;
    if (stoppedBefore.has(allocationId)) return -Infinity;
    return spec.disconnect.stopAfterMs > 0 ? contactAtMs + spec.disconnect.stopAfterMs : Infinity;
  }

  function pauseOf(assignment: Assignment): Cause | undefined {
    if (isClosed && assignment.spec.exclusive) return SHUT_DOWN;
    if (limitOf(assignment) > clock.bootMs()) return undefined;
    if (!assignment.spec.exclusive) return ALONE;
    return endsAtMs.has(assignment.allocationId) ? ENDED : AWAITED;
  }

  /** Tells when anything begins or ceases to be paused, and looks again at the next limit. */
  function judge(): void {
    let isChanged = false;
    let nextAtMs = Infinity;
    for (const assignment of deps.assignments()) {
      const { allocationId } = assignment;
      const isWanted = assignment.desired === 'running';
      const isPaused = isWanted && pauseOf(assignment) !== undefined;
      if (isPaused !== paused.has(allocationId)) isChanged = true;
      if (isPaused) paused.add(allocationId);
      else paused.delete(allocationId);
      const limit = limitOf(assignment);
      // What is told to stop has no limit to wait for: one that has passed would be looked at again at once, for ever.
      if (isWanted && !isPaused && limit < nextAtMs) nextAtMs = limit;
    }
    plan(nextAtMs);
    if (isChanged) deps.onChange();
  }

  /** Limits move on with each contact: the timer stays where it is, and looks then. */
  function plan(nextAtMs: number): void {
    if (timer && timerAtMs <= nextAtMs && timerAtMs > clock.bootMs()) return;
    timer?.cancel();
    timer = undefined;
    timerAtMs = nextAtMs;
    if (nextAtMs === Infinity) return;
    timer = clock.setTimer(Math.max(0, nextAtMs - clock.bootMs()), () => {
      timer = undefined;
      judge();
    });
  }

  function compose(owner: Owner, grants: ReadonlyMap<AllocationId, number>): LeaseFile {
    // Also what is told to stop: the watchdog counts its grace from there.
    const held = new Set(
      deps
        .assignments()
        .filter(({ allocationId, spec }) => spec.exclusive && !released.has(allocationId))
        .map(({ allocationId }) => allocationId),
    );
    const all = new Map([...endsAtMs, ...grants]);
    const leases = [...all].filter(([id]) => held.has(id)).map(([allocationId, ends]) => ({ allocationId, endsAtMs: ends }));
    return { bootId: store.bootId, clusterId: owner.clusterId, nodeId: owner.nodeId, leases };
  }

  async function write(sentAtMs: number, grants: readonly GrantedLease[]): Promise<void> {
    const owner = deps.owner();
    if (!owner) return;
    // An answer that overtook a later one shortens nothing.
    const later = new Map(
      grants.map(({ allocationId, leaseMs }) => [allocationId, Math.max(endsAtMs.get(allocationId) ?? 0, sentAtMs + leaseMs)]),
    );
    const file = compose(owner, later);
    await store.save(file);
    endsAtMs.clear();
    for (const lease of file.leases) endsAtMs.set(lease.allocationId, lease.endsAtMs);
    judge();
  }

  judge();
  return {
    due: () =>
      deps
        .assignments()
        .filter(
          (assignment) =>
            !isClosed && isExclusive(assignment) && leftMs(assignment.allocationId) < leaseMsOf(assignment.spec) * (1 - RENEW_AFTER),
        )
        .map(({ allocationId }) => allocationId),
    granted(sentAtMs, grants) {
      if (grants.length === 0 || isClosed) return Promise.resolve();
      writing = writing
        .then(() => write(sentAtMs, grants))
        .catch((cause: unknown) => logger.error({ op: 'lease.write', outcome: 'failed', leases: grants.length }, cause));
      return writing;
    },
    contact() {
      contactAtMs = clock.bootMs();
      stoppedBefore.clear();
      if (paused.size > 0) judge();
    },
    assigned: judge,
    pauseOf,
    close() {
      isClosed = true;
      judge();
      return deps
        .assignments()
        .filter(isExclusive)
        .map(({ allocationId }) => allocationId);
    },
    async release(ids) {
      for (const id of ids) released.add(id);
      await writing;
      await write(0, []);
    },
    stop: () => timer?.cancel(),
  };
}
