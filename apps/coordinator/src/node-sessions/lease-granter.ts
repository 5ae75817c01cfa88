import type { Store } from '@cloudless/db';
import type { Clock } from '@cloudless/kernel';
import { fencedAfterMs, leaseMsOf, type AllocationId, type AllocationRow, type NodeId } from '@cloudless/proto';
import { noCrash, type CrashPoint } from '../crash-points.ts';

export type LeaseGrant = { readonly allocationId: AllocationId; readonly leaseMs: number };

/** Leases of exclusive replicas, in the leader's memory and its boot time. */
export interface LeaseGranter {
  /** The leases that a device asks for and may have, counted from when this coordinator last led for certain. */
  grant(nodeId: NodeId, asked: readonly AllocationId[]): readonly LeaseGrant[];
  /** The device says that these have ended and start no more without a new lease. What it had asked for before was answered before. */
  release(nodeId: NodeId, ended: readonly AllocationId[]): void;
  /** Time until an exclusive allocation has surely ended if nothing more is granted to it. Not above 0: it has, or never had a lease. */
  leftMs(allocationId: AllocationId): number;
  stop(): void;
}

export type LeaseGranterDeps = {
  readonly store: Store;
  readonly clock: Clock;
  /** Time in ms since this coordinator led for certain: another may have taken over then, and counts from its takeover. `Infinity` when it may not lead. */
  readonly leadAgeMs: () => number;
  readonly crashPoint?: CrashPoint | undefined;
};

/**
 * A new leader knows of no grant that another made, so that each exclusive allocation that is there counts as granted when it starts.
 * What is told to stop gets none any more, and the planner places a successor only after that is durable and `leftMs` has passed.
 */
export function createLeaseGranter({ store, clock, leadAgeMs, crashPoint = noCrash }: LeaseGranterDeps): LeaseGranter {
  const fencedAtMs = new Map<AllocationId, number>();
  const note = ({ id, spec }: AllocationRow): void => void fencedAtMs.set(id, clock.bootMs() + fencedAfterMs(spec));
  for (const { row } of store.list('allocation')) if (row.spec.exclusive) note(row);
  const stopListening = store.onCommit(({ changes }) => {
    for (const change of changes) if (change.kind === 'remove' && change.table === 'allocation') fencedAtMs.delete(change.before.id);
  });

  function mayHave(nodeId: NodeId, id: AllocationId): AllocationRow | undefined {
    const row = store.get('allocation', id)?.row;
    if (row?.nodeId !== nodeId || row.desired !== 'running' || !row.spec.exclusive) return undefined;
    return store.get('node', nodeId)?.row.revokedAt === undefined ? row : undefined;
  }

  return {
    grant(nodeId, asked) {
      const ageMs = leadAgeMs();
      return asked.flatMap((id) => {
        const row = mayHave(nodeId, id);
        const leaseMs = row ? Math.floor(leaseMsOf(row.spec) - ageMs) : 0;
        if (!row || leaseMs <= 0) return [];
        crashPoint('lease.beforeGrant');
        note(row);
        crashPoint('lease.afterGrant');
        return [{ allocationId: id, leaseMs }];
      });
    },
    release(nodeId, ended) {
      for (const id of ended) if (store.get('allocation', id)?.row.nodeId === nodeId) fencedAtMs.delete(id);
    },
    leftMs: (id) => (fencedAtMs.get(id) ?? -Infinity) - clock.bootMs(),
    stop: stopListening,
  };
}
