'use client';

import type {
  Allocation,
  AllocationId,
  CloudlessError,
  CloudlessNode,
  ClusterEvent,
  Join,
  NodeId,
  Resources,
  Usage,
  Workload,
  WorkloadId,
} from '@cloudless/proto';
import { useMemo } from 'react';
import { judgeLive, type LiveMark } from './live-mark.ts';
import { sumUsage } from './sum-usage.ts';
import { useLive } from './live-provider.tsx';
import { useBrowserNow } from './use-now.ts';

const NO_SAMPLES: readonly Usage[] = [];
const byName = <Row extends { readonly name: string; readonly id: string }>(one: Row, other: Row): number =>
  one.name.localeCompare(other.name, undefined, { numeric: true }) || (one.id < other.id ? -1 : 1);

/** Devices by name. */
export function useNodes(): readonly CloudlessNode[] {
  const nodes = useLive((state) => state.nodes);
  return useMemo(() => [...nodes.values()].toSorted(byName), [nodes]);
}
export const useNode = (id: string): CloudlessNode | undefined => useLive((state) => state.nodes.get(id as NodeId));

/** Apps by name. */
export function useWorkloads(): readonly Workload[] {
  const workloads = useLive((state) => state.workloads);
  return useMemo(() => [...workloads.values()].toSorted(byName), [workloads]);
}
export const useWorkload = (id: string): Workload | undefined => useLive((state) => state.workloads.get(id as WorkloadId));

/** Replicas by app and slot, the newest of a slot first; of one app or device when named. */
export function useAllocations({
  workloadId,
  nodeId,
}: { readonly workloadId?: string; readonly nodeId?: string } = {}): readonly Allocation[] {
  const allocations = useLive((state) => state.allocations);
  return useMemo(
    () =>
      [...allocations.values()]
        .filter((row) => (workloadId === undefined || row.workloadId === workloadId) && (nodeId === undefined || row.nodeId === nodeId))
        .toSorted(
          (one, other) =>
            one.workloadName.localeCompare(other.workloadName, undefined, { numeric: true }) ||
            one.slot - other.slot ||
            other.createdAt - one.createdAt,
        ),
    [allocations, workloadId, nodeId],
  );
}

/** What happened lately, newest first; of one app or device when named. Older events are asked for by `useAsk('event.list', …)`. */
export function useEvents({
  workloadId,
  nodeId,
}: { readonly workloadId?: string; readonly nodeId?: string } = {}): readonly ClusterEvent[] {
  const events = useLive((state) => state.events);
  return useMemo(
    () =>
      workloadId === undefined && nodeId === undefined
        ? events
        : events.filter(
            (event) => (workloadId === undefined || event.workloadId === workloadId) && (nodeId === undefined || event.nodeId === nodeId),
          ),
    [events, workloadId, nodeId],
  );
}

/** Devices that are about to join, the newest first. */
export function useJoins(): readonly Join[] {
  const joins = useLive((state) => state.joins);
  return useMemo(() => [...joins.values()].toSorted((one, other) => other.createdAt - one.createdAt), [joins]);
}

/** Samples of the last 15 minutes that came while the page was open, oldest first. */
export const useNodeUsage = (id: string): readonly Usage[] => useLive((state) => state.nodeUsage.get(id as NodeId) ?? NO_SAMPLES);
export const useAllocationUsage = (id: string): readonly Usage[] =>
  useLive((state) => state.allocationUsage.get(id as AllocationId) ?? NO_SAMPLES);

const HEARD: ReadonlySet<CloudlessNode['state']['word']> = new Set(['online', 'degraded']);

/** What the replicas on a device use together now, of what it lends; unknown while it is not heard. */
export function useLentUsage(node: Pick<CloudlessNode, 'id' | 'state'>): Resources | undefined {
  const usage = useAllUsage();
  const held = useAllocations({ nodeId: node.id });
  return HEARD.has(node.state.word) ? sumUsage(held, usage) : undefined;
}

/** The newest sample of every replica, by id. */
export const useAllUsage = (): ReadonlyMap<AllocationId, readonly Usage[]> => useLive((state) => state.allocationUsage);

/** How current the page is. */
export function useLiveMark(): LiveMark {
  const connection = useLive((state) => state.connection);
  const heardAt = useLive((state) => state.heardAt);
  const staleSince = useLive((state) => state.staleSince);
  const skewMs = useLive((state) => state.skewMs);
  return judgeLive({ connection, heardAt, staleSince, skewMs }, useBrowserNow());
}

/** Whether the lists have come, and why not. */
export function useLoad(): { readonly loaded: boolean; readonly failure: CloudlessError | undefined } {
  const loaded = useLive((state) => state.loaded);
  const failure = useLive((state) => state.failure);
  return { loaded, failure };
}
