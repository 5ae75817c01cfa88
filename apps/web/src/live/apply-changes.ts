import { unreachable } from './unreachable.ts';
import type { ClusterEvent, LiveChange, Usage } from '@cloudless/proto';
import { MAX_EVENTS, MAX_SAMPLES, USAGE_WINDOW_MS, type Listed, type LiveState } from './live-state.ts';

/** Clocks that differ by less are one clock. */
const SKEW_MS = 2000;

type Draft = { -readonly [Field in keyof LiveState]: LiveState[Field] };

const withRow = <K, V>(rows: ReadonlyMap<K, V>, key: K, row: V): ReadonlyMap<K, V> => new Map(rows).set(key, row);

function withoutRow<K, V>(rows: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  if (!rows.has(key)) return rows;
  const left = new Map(rows);
  left.delete(key);
  return left;
}

function withSample(samples: readonly Usage[] = [], sample: Usage): readonly Usage[] {
  if ((samples.at(-1)?.at ?? 0) >= sample.at) return samples;
  return [...samples.filter(({ at }) => at > sample.at - USAGE_WINDOW_MS), sample].slice(-MAX_SAMPLES);
}

/** Newest first, each once. */
function withEvents(known: readonly ClusterEvent[], more: readonly ClusterEvent[]): readonly ClusterEvent[] {
  const byId = new Map([...more, ...known].map((event) => [event.id, event]));
  return [...byId.values()].toSorted((one, other) => other.revision - one.revision || other.at - one.at).slice(0, MAX_EVENTS);
}

function applyUsage(draft: Draft, change: Extract<LiveChange, { kind: 'usage' }>): void {
  draft.nodeUsage = withRow(draft.nodeUsage, change.nodeId, withSample(draft.nodeUsage.get(change.nodeId), change.usage));
  const next = new Map(draft.allocationUsage);
  for (const { allocationId, usage } of change.allocations) next.set(allocationId, withSample(next.get(allocationId), usage));
  draft.allocationUsage = next;
}

function applyOne(draft: Draft, change: LiveChange, now: number): void {
  switch (change.kind) {
    case 'workload': {
      const known = draft.workloads.get(change.workload.id);
      if (known && known.revision > change.workload.revision) return;
      draft.workloads = withRow(draft.workloads, change.workload.id, change.workload);
      return;
    }
    case 'workloadGone':
      draft.workloads = withoutRow(draft.workloads, change.workloadId);
      return;
    case 'allocation':
      draft.allocations = withRow(draft.allocations, change.allocation.id, change.allocation);
      return;
    case 'allocationGone':
      draft.allocations = withoutRow(draft.allocations, change.allocationId);
      draft.allocationUsage = withoutRow(draft.allocationUsage, change.allocationId);
      return;
    case 'node':
      draft.nodes = withRow(draft.nodes, change.node.id, change.node);
      return;
    case 'nodeGone':
      draft.nodes = withoutRow(draft.nodes, change.nodeId);
      draft.nodeUsage = withoutRow(draft.nodeUsage, change.nodeId);
      return;
    case 'event':
      draft.events = withEvents(draft.events, [change.event]);
      return;
    case 'join':
      draft.joins = withRow(draft.joins, change.join.id, change.join);
      return;
    case 'usage':
      applyUsage(draft, change);
      return;
    case 'tick':
      draft.staleSince = change.staleSince;
      if (change.version !== undefined) {
        draft.version ??= change.version;
        draft.newVersion = change.version === draft.version ? undefined : change.version;
      }
      draft.skewMs = Math.abs(change.at - now) < SKEW_MS ? 0 : change.at - now;
      return;
    case 'reset':
      // Whoever follows lists again; what is shown stays until then.
      return;
    default:
      unreachable(change);
  }
}

/** The state after changes, in their order. @param now this browser's clock, in ms since the epoch */
export function applyChanges(state: LiveState, changes: readonly LiveChange[], now: number): LiveState {
  const draft: Draft = { ...state, heardAt: now };
  for (const change of changes) applyOne(draft, change, now);
  return draft;
}

/** The state that a full list gives: what is not in it is gone. Usage and events go on. */
export function applyListed(state: LiveState, listed: Listed, now: number): LiveState {
  return {
    ...state,
    loaded: true,
    failure: undefined,
    heardAt: now,
    nodes: new Map(listed.nodes.map((node) => [node.id, node])),
    workloads: new Map(listed.workloads.map((workload) => [workload.id, workload])),
    allocations: new Map(listed.allocations.map((allocation) => [allocation.id, allocation])),
    events: withEvents(state.events, listed.events),
    joins: new Map(listed.joins.map((join) => [join.id, join])),
  };
}
