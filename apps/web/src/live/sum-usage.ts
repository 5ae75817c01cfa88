import { isTerminalPhase, type Allocation, type AllocationId, type Resources, type Usage } from '@cloudless/proto';

/** What allocations use together, by their newest samples; `undefined` while one that runs has none. */
export function sumUsage(
  allocations: readonly Pick<Allocation, 'id' | 'observed'>[],
  usage: ReadonlyMap<AllocationId, readonly Usage[]>,
): Resources | undefined {
  let sum: Resources = { cpuMillicores: 0, memoryBytes: 0, storageBytes: 0 };
  for (const { id, observed } of allocations) {
    if (isTerminalPhase(observed.phase)) continue;
    const newest = usage.get(id)?.at(-1);
    if (newest === undefined && observed.phase === 'running') return undefined;
    sum = {
      cpuMillicores: sum.cpuMillicores + (newest?.cpuMillicores ?? 0),
      memoryBytes: sum.memoryBytes + (newest?.memoryBytes ?? 0),
      storageBytes: sum.storageBytes + (newest?.storageBytes ?? 0),
    };
  }
  return sum;
}
