import type { NodeRow } from '@cloudless/proto';
import type { Ask } from '../ask.ts';
import type { SnapshotNode } from '../snapshot.ts';
import { capacity } from './capacity.ts';
import type { AskFilter, Filter, NodeFilter } from './filter.ts';
import { draining, lending, project } from './lending.ts';
import { leases } from './leases.ts';
import { platform } from './platform.ts';
import { ports } from './ports.ts';
import { ready } from './ready.ts';
import { revoked } from './revoked.ts';
import { schedulable } from './schedulable.ts';

const NODE_FILTERS: readonly NodeFilter[] = [revoked, ready, lending, draining, schedulable];
const ASK_FILTERS: readonly AskFilter[] = [project, leases, platform, capacity, ports];
/** In the order in which a refusal is told: what a person can do least about stands first. */
export const FILTERS: readonly Filter[] = [...NODE_FILTERS, ...ASK_FILTERS];

const passes = (filter: Filter, ask: Ask, node: SnapshotNode): boolean =>
  filter.kind === 'node' ? filter.check(node.row) : filter.check(ask, node);

/** Whether the node may take anything at all. */
export const isEligible = (row: NodeRow): boolean => NODE_FILTERS.every((filter) => filter.check(row));

/** What a scan sees in the cells of a list; see `createScan`. */
const IN_CELLS: ReadonlySet<AskFilter> = new Set([capacity, project]);

/** Filters that a scan must ask beyond the cells of a node, because they may refuse this ask: on any node, and on one lent to some projects only. */
export function listFilters(ask: Ask): { readonly always: readonly AskFilter[]; readonly lentToSome: readonly AskFilter[] } {
  const always = ASK_FILTERS.filter((filter) => !IN_CELLS.has(filter) && (filter.concerns === undefined || filter.concerns(ask)));
  return { always, lentToSome: [project, ...always] };
}

/** The first filter that refuses the node, or `undefined` when it is feasible. */
export const findRefusal = (ask: Ask, node: SnapshotNode): Filter | undefined => FILTERS.find((filter) => !passes(filter, ask, node));

/** Every filter that refuses the node: more than one change would be needed when there are several. */
export const listRefusals = (ask: Ask, node: SnapshotNode): readonly Filter[] => FILTERS.filter((filter) => !passes(filter, ask, node));
