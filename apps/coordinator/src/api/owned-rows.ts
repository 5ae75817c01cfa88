import type { ControlRows, Store, Versioned } from '@cloudless/db';
import { CloudlessError, saying, type ErrorSentence, type NodeRow, type WorkloadRow } from '@cloudless/proto';
import type { Caller } from '../people/people.ts';

const MISSING = {
  node: ['device', 'noSuchDevice'],
  workload: ['app', 'noSuchApp'],
  allocation: ['replica', 'noSuchReplica'],
} as const satisfies Record<keyof ControlRows, readonly [name: string, sentence: ErrorSentence]>;

/** A row of the caller's organisation. Another's answers as one that does not exist, so that ids tell nothing. */
function getOwned<T extends keyof ControlRows>(
  store: Store,
  table: T,
  id: ControlRows[T]['id'],
  caller: Caller,
): Versioned<ControlRows[T]> {
  const found = store.get(table, id);
  if (found?.row.orgId === caller.orgId) return found;
  const [name, sentence] = MISSING[table];
  throw new CloudlessError('not_found', `There is no ${name} ${id} in this organisation.`, saying(sentence, { id }));
}

export const getWorkload = (store: Store, id: WorkloadRow['id'], caller: Caller): Versioned<WorkloadRow> =>
  getOwned(store, 'workload', id, caller);

/** Revoked devices are gone for people. */
export function getNode(store: Store, id: NodeRow['id'], caller: Caller): Versioned<NodeRow> {
  const found = getOwned(store, 'node', id, caller);
  if (found.row.revokedAt === undefined) return found;
  throw new CloudlessError('not_found', `The device ${found.row.name} was removed.`, saying('deviceRemoved', { name: found.row.name }));
}

type Owned = { readonly id: string; readonly orgId: string };

/** Of these rows the caller's organisation's, in the order of their ids, which never changes under a reader's cursor. */
export const ownedInOrder = <Row extends Owned>(rows: Iterable<Versioned<Row>>, caller: Caller): Versioned<Row>[] =>
  [...rows].filter(({ row }) => row.orgId === caller.orgId).sort((one, other) => (one.row.id < other.row.id ? -1 : 1));

export const listOwned = <T extends keyof ControlRows>(store: Store, table: T, caller: Caller): Versioned<ControlRows[T]>[] =>
  ownedInOrder(store.list(table), caller);

export type PageInput = { readonly limit: number; readonly cursor?: string | undefined };

/** One page; the cursor is the last id of it. */
export function pageOf<Row extends { readonly id: string }, Out>(
  rows: readonly Versioned<Row>[],
  { limit, cursor }: PageInput,
  view: (versioned: Versioned<Row>) => Out,
): { rows: Out[]; nextCursor?: string } {
  const rest = cursor === undefined ? rows : rows.filter(({ row }) => row.id > cursor);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return { rows: page.map(view), ...(rest.length > limit && last ? { nextCursor: last.row.id } : {}) };
}
