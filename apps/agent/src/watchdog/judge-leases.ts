import type { LeaseFile } from '../leases/lease-file.ts';

/** An exclusive container that runs, as the engine lists it. */
export type LeasedContainer = { readonly containerId: string; readonly allocationId: string; readonly graceMs: number };

/** The agent stops its own first: the watchdog acts for one that does not. */
export const LATE_MS = 250;

/** What runs without a lease that holds. Pure. */
export function judgeLeases(
  file: LeaseFile,
  containers: readonly LeasedContainer[],
  { bootId, bootMs }: { readonly bootId: string; readonly bootMs: number },
): readonly LeasedContainer[] {
  const endsAtMs = new Map<string, number>(file.bootId === bootId ? file.leases.map((lease) => [lease.allocationId, lease.endsAtMs]) : []);
  return containers.filter(({ allocationId }) => (endsAtMs.get(allocationId) ?? -Infinity) + LATE_MS <= bootMs);
}
