import type { Cause } from '@cloudless/proto';
import type { Ask } from './ask.ts';
import { listRefusals } from './feasible/filters.ts';
import { formatBytes, formatMillicores } from './quantities.ts';
import type { SnapshotNode } from './snapshot.ts';

/** Below this a request is no longer an app that was made smaller: freeing room is then the better advice. */
const LEAST_CPU_MILLICORES = 10;
const LEAST_MEMORY_BYTES = 16 * 2 ** 20;

type SingleRefusal = { readonly node: SnapshotNode; readonly filter: string };

/**
 * The smallest change that would place one replica. Only nodes that a single filter refuses count, because every other needs two
 * changes. Order of preference: what changes nobody else's work (a cordon, a port, a smaller request) before what a person must walk
 * to a device for.
 */
export function computeRemedy(ask: Ask, nodes: readonly SnapshotNode[]): Cause {
  const single: SingleRefusal[] = [];
  for (const node of nodes) {
    const [first, second] = listRefusals(ask, node);
    if (first && !second) single.push({ node, filter: first.name });
  }
  return (
    uncordon(single) ??
    lend(single) ??
    otherPort(ask, single) ??
    lessOrFree(ask, single) ??
    bringBack(single) ??
    updateAgent(single) ??
    otherImage(ask, single) ??
    addDevice(ask)
  );
}

const findBy = (single: readonly SingleRefusal[], filter: string): SnapshotNode | undefined =>
  single.find((one) => one.filter === filter)?.node;

function uncordon(single: readonly SingleRefusal[]): Cause | undefined {
  const node = findBy(single, 'schedulable');
  return node && { code: 'uncordon', message: `uncordon ${node.row.name}`, params: { node: node.row.name } };
}

function lend(single: readonly SingleRefusal[]): Cause | undefined {
  const node = findBy(single, 'lending') ?? findBy(single, 'project');
  if (node) return { code: 'lend', message: `change what ${node.row.name} lends`, params: { node: node.row.name } };
  const drained = findBy(single, 'draining');
  return drained && { code: 'stopDraining', message: `stop draining ${drained.row.name}`, params: { node: drained.row.name } };
}

function otherPort(ask: Ask, single: readonly SingleRefusal[]): Cause | undefined {
  const node = findBy(single, 'ports');
  if (!node) return undefined;
  const port = ask.ports.find((key) => node.takenPorts.has(key)) ?? '';
  return {
    code: 'otherHostPort',
    message: `use another host port than ${port.slice(port.indexOf('/') + 1)}, or 0 to let the engine choose`,
    params: { port, node: node.row.name },
  };
}

/** The node whose shortage is the smallest share of the request. */
function lessOrFree(ask: Ask, single: readonly SingleRefusal[]): Cause | undefined {
  let best: { node: SnapshotNode; share: number } | undefined;
  for (const { node, filter } of single) {
    if (filter !== 'capacity') continue;
    const share = Math.max(
      shortage(ask.requests.cpuMillicores, node.remaining.cpuMillicores),
      shortage(ask.requests.memoryBytes, node.remaining.memoryBytes),
    );
    if (!best || share < best.share) best = { node, share };
  }
  return best && adviseCapacity(ask, best.node);
}

const shortage = (asked: number, free: number): number => (asked > free ? (asked - free) / asked : 0);

function adviseCapacity(ask: Ask, node: SnapshotNode): Cause {
  const { cpuMillicores, memoryBytes } = node.remaining;
  const isCpuShort = cpuMillicores < ask.requests.cpuMillicores;
  const isMemoryShort = memoryBytes < ask.requests.memoryBytes;
  const lower = [
    isMemoryShort && `the memory request to ${formatBytes(memoryBytes)}`,
    isCpuShort && `the CPU request to ${formatMillicores(cpuMillicores)}`,
  ]
    .filter(Boolean)
    .join(' and ');
  const free = [
    isMemoryShort && `${formatBytes(ask.requests.memoryBytes - memoryBytes)} of memory`,
    isCpuShort && formatMillicores(ask.requests.cpuMillicores - cpuMillicores),
  ]
    .filter(Boolean)
    .join(' and ');
  const params = {
    node: node.row.name,
    ...(isCpuShort ? { cpuMillicores: Math.max(0, cpuMillicores), freeCpuMillicores: ask.requests.cpuMillicores - cpuMillicores } : {}),
    ...(isMemoryShort ? { memoryBytes: Math.max(0, memoryBytes), freeMemoryBytes: ask.requests.memoryBytes - memoryBytes } : {}),
  };
  const canLower = (!isCpuShort || cpuMillicores >= LEAST_CPU_MILLICORES) && (!isMemoryShort || memoryBytes >= LEAST_MEMORY_BYTES);
  return canLower
    ? { code: 'lowerRequests', message: `lower ${lower}, or free ${free} on ${node.row.name}`, params }
    : { code: 'freeCapacity', message: `free ${free} on ${node.row.name}`, params };
}

function bringBack(single: readonly SingleRefusal[]): Cause | undefined {
  const node = findBy(single, 'ready');
  if (!node) return undefined;
  const { name, state } = node.row;
  if (state.word === 'online' || state.word === 'degraded')
    return { code: 'startEngine', message: `start the container engine on ${name}`, params: { node: name } };
  return { code: 'bringOnline', message: `bring ${name} back online: it is ${state.word}`, params: { node: name, state: state.word } };
}

function updateAgent(single: readonly SingleRefusal[]): Cause | undefined {
  const node = findBy(single, 'leases');
  return node && { code: 'updateAgent', message: `update the agent of ${node.row.name}`, params: { node: node.row.name } };
}

function otherImage(ask: Ask, single: readonly SingleRefusal[]): Cause | undefined {
  const node = findBy(single, 'platform');
  if (!node) return undefined;
  const arch = node.row.fingerprint?.arch ?? 'other';
  return {
    code: 'otherImage',
    message: `use an image built for ${arch}, or add a device that ${ask.image} is built for`,
    params: { image: ask.image, arch },
  };
}

const addDevice = (ask: Ask): Cause => ({
  code: 'addDevice',
  message: `add a device with ${formatMillicores(ask.requests.cpuMillicores)} and ${formatBytes(ask.requests.memoryBytes)} of memory free`,
  params: { cpuMillicores: ask.requests.cpuMillicores, memoryBytes: ask.requests.memoryBytes },
});
