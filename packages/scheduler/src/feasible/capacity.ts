import type { Ask } from '../ask.ts';
import { formatBytes, formatMillicores } from '../quantities.ts';
import type { SnapshotNode } from '../snapshot.ts';
import type { AskFilter } from './filter.ts';

/** Requests fit into what the device lends and nobody else has reserved: reserved ≤ allocatable. */
export const capacity: AskFilter = {
  kind: 'ask',
  name: 'capacity',
  check: (ask, node) =>
    node.remaining.cpuMillicores >= ask.requests.cpuMillicores && node.remaining.memoryBytes >= ask.requests.memoryBytes,
  explain(ask, refused) {
    const shortOfCpu = refused.filter((node) => node.remaining.cpuMillicores < ask.requests.cpuMillicores);
    const shortOfMemory = refused.filter((node) => node.remaining.memoryBytes < ask.requests.memoryBytes);
    const parts = [sayCpu(ask, shortOfCpu), sayMemory(ask, shortOfMemory)].filter((part) => part !== undefined);
    return {
      message: parts.join('; '),
      params: {
        cpuMillicores: ask.requests.cpuMillicores,
        memoryBytes: ask.requests.memoryBytes,
        shortOfCpu: shortOfCpu.length,
        shortOfMemory: shortOfMemory.length,
      },
    };
  },
};

function sayCpu(ask: Ask, short: readonly SnapshotNode[]): string | undefined {
  if (short.length === 0) return undefined;
  const most = short.reduce((best, node) => (node.remaining.cpuMillicores > best.remaining.cpuMillicores ? node : best));
  const free = Math.max(0, most.remaining.cpuMillicores);
  return `needs ${formatMillicores(ask.requests.cpuMillicores)}, ${most.row.name} has ${formatMillicores(free)} free${short.length > 1 ? ' and the others less' : ''}`;
}

function sayMemory(ask: Ask, short: readonly SnapshotNode[]): string | undefined {
  if (short.length === 0) return undefined;
  const most = short.reduce((best, node) => (node.remaining.memoryBytes > best.remaining.memoryBytes ? node : best));
  const free = Math.max(0, most.remaining.memoryBytes);
  return `needs ${formatBytes(ask.requests.memoryBytes)} of memory, ${most.row.name} has ${formatBytes(free)} free${short.length > 1 ? ' and the others less' : ''}`;
}
