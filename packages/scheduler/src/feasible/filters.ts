import type { Ask } from '../ask.ts';
import type { SnapshotNode } from '../snapshot.ts';
import { capacity } from './capacity.ts';
import type { Filter } from './filter.ts';
import { platform } from './platform.ts';
import { ports } from './ports.ts';
import { ready } from './ready.ts';
import { revoked } from './revoked.ts';
import { schedulable } from './schedulable.ts';

/** In the order in which a refusal is told: what a person can do least about stands first. */
export const FILTERS: readonly Filter[] = [revoked, ready, schedulable, platform, capacity, ports];

/** The first filter that refuses the node, or `undefined` when it is feasible. */
export function findRefusal(ask: Ask, node: SnapshotNode): Filter | undefined {
  for (const filter of FILTERS) if (!filter.check(ask, node)) return filter;
  return undefined;
}

/** Every filter that refuses the node: more than one change would be needed when there are several. */
export const listRefusals = (ask: Ask, node: SnapshotNode): readonly Filter[] => FILTERS.filter((filter) => !filter.check(ask, node));
