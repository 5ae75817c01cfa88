import type { Cause } from '@cloudless/proto';
import type { Ask } from './ask.ts';
import { listRefusals } from './feasible/filters.ts';
import { formatBytes, formatMillicores } from './quantities.ts';
import type { SnapshotNode } from './snapshot.ts';

/** Below this a request is no longer an app that was made smaller: freeing room is then the better advice. */
const LEAST_CPU_MILLICORES = 10;
const LEAST_MEMORY_BYTES = 16 * 2 ** 20;
const LEAST_STORAGE_BYTES = 16 * 2 ** 20;

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

const QUANTITIES = [
  {
    key: 'memoryBytes',
    free: 'freeMemoryBytes',
    request: 'the memory request',
    what: ' of memory',
    format: formatBytes,
    least: LEAST_MEMORY_BYTES,
  },
  {
    key: 'cpuMillicores',
    free: 'freeCpuMillicores',
    request: 'the CPU request',
    what: '',
    format: formatMillicores,
    least: LEAST_CPU_MILLICORES,
  },
  {
    key: 'storageBytes',
    free: 'freeStorageBytes',
    request: 'the disk request',
    what: ' of disk',
    format: formatBytes,
    least: LEAST_STORAGE_BYTES,
  },
] as const;

/** The node whose shortage is the smallest share of the request. */
function lessOrFree(ask: Ask, single: readonly SingleRefusal[]): Cause | undefined {
  let best: { node: SnapshotNode; share: number } | undefined;
  for (const { node, filter } of single) {
    if (filter !== 'capacity') continue;
    const share = Math.max(...QUANTITIES.map(({ key }) => shortage(ask.requests[key], node.remaining[key])));
    if (!best || share < best.share) best = { node, share };
  }
  return best && adviseCapacity(ask, best.node);
}

const shortage = (asked: number, free: number): number => (asked > free ? (asked - free) / asked : 0);

function adviseCapacity(ask: Ask, { row, remaining }: SnapshotNode): Cause {
  const short = QUANTITIES.filter(({ key }) => remaining[key] < ask.requests[key]);
  const lower = short.map(({ key, request, format }) => `${request} to ${format(remaining[key])}`).join(' and ');
  const free = short.map(({ key, what, format }) => `${format(ask.requests[key] - remaining[key])}${what}`).join(' and ');
  const params = {
    node: row.name,
    ...Object.fromEntries(short.map(({ key }) => [key, Math.max(0, remaining[key])])),
    ...Object.fromEntries(short.map((quantity) => [quantity.free, ask.requests[quantity.key] - remaining[quantity.key]])),
  };
  return short.every(({ key, least }) => remaining[key] >= least)
    ? { code: 'lowerRequests', message: `lower ${lower}, or free ${free} on ${row.name}`, params }
    : { code: 'freeCapacity', message: `free ${free} on ${row.name}`, params };
}

function bringBack(single: readonly SingleRefusal[]): Cause | undefined {
  const node = findBy(single, 'ready');
  if (!node) return undefined;
  const { name, state } = node.row;
  if (state.word === 'online' || (state.word === 'degraded' && state.cause.code !== 'control_silent'))
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
