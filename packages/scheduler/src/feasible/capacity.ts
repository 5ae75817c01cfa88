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
      },
    };
  },
};

type Quantity = keyof SnapshotNode['remaining'];

function say(
  ask: Ask,
  short: readonly SnapshotNode[],
  quantity: Quantity,
  format: (value: number) => string,
  what = '',
): string | undefined {
  if (short.length === 0) return undefined;
  const most = short.reduce((best, node) => (node.remaining[quantity] > best.remaining[quantity] ? node : best));
  const free = Math.max(0, most.remaining[quantity]);
  return `needs ${format(ask.requests[quantity])}${what}, ${most.row.name} has ${format(free)} free${short.length > 1 ? ' and the others less' : ''}`;
}
