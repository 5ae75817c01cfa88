import type { LeaseFile } from '../leases/lease-file.ts';

/** An exclusive container that runs, as the engine lists it. */
export type LeasedContainer = { readonly containerId: string; readonly allocationId: string; readonly graceMs: number };

/** The agent stops its own first: the watchdog acts for one that does not. */
export const LATE_MS = 250;

/**
 * What runs without a lease that holds. Its grace counts from the end of the lease: after that the coordinator takes it for ended, and a
 * machine that slept meanwhile has none left. Pure.
 */
export function judgeLeases(
  file: LeaseFile,
  containers: readonly LeasedContainer[],
  { bootId, bootMs }: { readonly bootId: string; readonly bootMs: number },
): readonly LeasedContainer[] {
  const endsAtMs = new Map<string, number>(file.bootId === bootId ? file.leases.map((lease) => [lease.allocationId, lease.endsAtMs]) : []);
  return containers.flatMap((container) => {
    const lateAtMs = (endsAtMs.get(container.allocationId) ?? -Infinity) + LATE_MS;
    if (lateAtMs > bootMs) return [];
    const { graceMs } = container;
    // Of a lease that is not known nobody knows when it ended.
    return [Number.isFinite(lateAtMs) ? { ...container, graceMs: Math.max(0, lateAtMs + graceMs - bootMs) } : container];
  });
}
