import type { Unplaced } from '@cloudless/proto';
import type { Ask } from './ask.ts';
import { FILTERS, findRefusal } from './feasible/filters.ts';
import type { Filter } from './feasible/filter.ts';
import { formatDuration } from './quantities.ts';
import { computeRemedy } from './remedy.ts';
import type { SnapshotNode } from './snapshot.ts';

export type Explanation = Omit<Unplaced, 'slot'>;

/** Why no node takes the ask: each node counted once, under the first filter that refuses it, and the smallest change that would place it. */
export function explainUnplaced(ask: Ask, nodes: readonly SnapshotNode[]): Explanation {
  const refused = new Map<Filter, SnapshotNode[]>();
  for (const node of nodes) {
    const filter = findRefusal(ask, node);
    if (!filter) continue;
    const group = refused.get(filter);
    if (group) group.push(node);
    else refused.set(filter, [node]);
  }
  const reasons = FILTERS.flatMap((filter) => {
    const group = refused.get(filter);
    return group ? [{ filter: filter.name, nodeCount: group.length, ...filter.explain(ask, group) }] : [];
  });
  const none = { filter: 'nodes', nodeCount: 0, message: 'the cluster has no device' };
  return { nodeCount: nodes.length, reasons: nodes.length === 0 ? [none] : reasons, remedy: computeRemedy(ask, nodes) };
}

/** A slot that is not tried yet. */
export function explainWaiting(attempt: number, retryAt: number, now: number, nodeCount: number): Explanation {
  const message = `its last allocation failed; try ${attempt + 1} is due in ${formatDuration(retryAt - now)}`;
  return { nodeCount, reasons: [{ filter: 'backOff', nodeCount, message, params: { attempt, retryAt } }], retryAt };
}

/** A slot that runs at most once, and whose last holder cannot be asked. */
export function explainFenced(node: string, dueAt: number | undefined, now: number, nodeCount: number): Explanation {
  const base = `it runs at most once, and may still run on ${node}`;
  if (dueAt !== undefined) {
    const message = `${base}: its lease has ended for certain in ${formatDuration(dueAt - now)}`;
    return { nodeCount, reasons: [{ filter: 'lease', nodeCount, message, params: { node, dueAt } }], retryAt: dueAt };
  }
  const remedy = { code: 'bringOnlineOrRemove', message: `bring ${node} back online, or remove it`, params: { node } };
  return { nodeCount, reasons: [{ filter: 'lease', nodeCount, message: `${base}, which holds no lease`, params: { node } }], remedy };
}

/** What makes two explanations the same one to a person: filters, counts and remedy, without the quantities that drift. */
export function explanationKey(unplaced: readonly Unplaced[]): string {
  return unplaced
    .map((one) => `${one.slot}:${one.reasons.map((reason) => `${reason.filter}=${reason.nodeCount}`).join(',')}:${one.remedy?.code ?? ''}`)
    .join(';');
}
