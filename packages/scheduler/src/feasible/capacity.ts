import { formatBytes, formatMillicores } from '../quantities.ts';
import type { Ask } from '../ask.ts';
import type { SnapshotNode } from '../snapshot.ts';
import type { AskFilter } from './filter.ts';

/** Requests fit into what the device lends and nobody else has reserved: reserved ≤ allocatable. */
export const capacity: AskFilter = {
  kind: 'ask',
  name: 'capacity',
  check: (ask, { remaining }) =>
    remaining.cpuMillicores >= ask.requests.cpuMillicores &&
    remaining.memoryBytes >= ask.requests.memoryBytes &&
    remaining.storageBytes >= ask.requests.storageBytes,
  explain(ask, refused) {
    const shortOf = (quantity: Quantity): readonly SnapshotNode[] =>
      refused.filter((node) => node.remaining[quantity] < ask.requests[quantity]);
    const [cpu, memory, disk] = [shortOf('cpuMillicores'), shortOf('memoryBytes'), shortOf('storageBytes')];
    const parts = [
      say(ask, cpu, 'cpuMillicores', formatMillicores),
      say(ask, memory, 'memoryBytes', formatBytes, ' of memory'),
      say(ask, disk, 'storageBytes', formatBytes, ' of disk'),
    ];
    return {
      message: parts.filter((part) => part !== undefined).join('; '),
      params: {
        ...ask.requests,
        shortOfCpu: cpu.length,
        shortOfMemory: memory.length,
        shortOfDisk: disk.length,
        ...mostFree(cpu, 'cpuMillicores'),
        ...mostFree(memory, 'memoryBytes'),
        ...mostFree(disk, 'storageBytes'),
      },
    };
  },
};

type Quantity = keyof SnapshotNode['remaining'];

const FREE = { cpuMillicores: 'freeCpuMillicores', memoryBytes: 'freeMemoryBytes', storageBytes: 'freeStorageBytes' } as const;
const FREE_ON = { cpuMillicores: 'freeCpuOn', memoryBytes: 'freeMemoryOn', storageBytes: 'freeStorageOn' } as const;

const nodeWithMost = (short: readonly SnapshotNode[], quantity: Quantity): SnapshotNode | undefined =>
  short.reduce<SnapshotNode | undefined>(
    (best, node) => (best === undefined || node.remaining[quantity] > best.remaining[quantity] ? node : best),
    undefined,
  );

/** Of those that are short of it: which has most, and how much. */
function mostFree(short: readonly SnapshotNode[], quantity: Quantity): Record<string, string | number> {
  const most = nodeWithMost(short, quantity);
  return most ? { [FREE[quantity]]: Math.max(0, most.remaining[quantity]), [FREE_ON[quantity]]: most.row.name } : {};
}

function say(
  ask: Ask,
  short: readonly SnapshotNode[],
  quantity: Quantity,
  format: (value: number) => string,
  what = '',
): string | undefined {
  const most = nodeWithMost(short, quantity);
  if (!most) return undefined;
  const free = Math.max(0, most.remaining[quantity]);
  return `needs ${format(ask.requests[quantity])}${what}, ${most.row.name} has ${format(free)} free${short.length > 1 ? ' and the others less' : ''}`;
}
