import type { Store } from '@cloudless/db';
import type { NodeRow, OrgId } from '@cloudless/proto';

/** What devices are called now. Kept in step with the store: each join would look at all of them. */
export interface NodeNames {
  isTaken(orgId: OrgId, name: string): boolean;
  stop(): void;
}

export function createNodeNames(store: Pick<Store, 'list' | 'onCommit'>): NodeNames {
  /** How many are called so: a person may give one the name of another. */
  const counts = new Map<string, number>();
  const keyOf = (orgId: OrgId, name: string): string => `${orgId} ${name}`;

  function count({ orgId, name, revokedAt }: NodeRow, by: 1 | -1): void {
    if (revokedAt !== undefined) return;
    const key = keyOf(orgId, name);
    const next = (counts.get(key) ?? 0) + by;
    if (next > 0) counts.set(key, next);
    else counts.delete(key);
  }

  for (const { row } of store.list('node')) count(row, 1);
  const stop = store.onCommit(({ changes }) => {
    for (const change of changes) {
      if (change.kind === 'event' || change.table !== 'node') continue;
      if (change.before) count(change.before, -1);
      if (change.kind === 'put') count(change.row, 1);
    }
  });
  return { isTaken: (orgId, name) => counts.has(keyOf(orgId, name)), stop };
}
