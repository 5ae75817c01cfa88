import { unreachable } from '@cloudless/kernel';
import type { Statement } from '../sql/driver.ts';
import type { ControlMemory } from './control-memory.ts';
import { createRowWrites, type RowWrites } from './row-writes.ts';
import type { Change, CommitOutcome, CommittedBatch, ControlRows, ControlTable, Mutation, Versioned, WriteBatch } from './store.ts';

type Stale = Extract<CommitOutcome, { kind: 'stale' }>;

/** What each member of a group comes to, in the order of the members, if the group's request succeeds. */
export type ComposedMember = { readonly kind: 'accepted'; readonly batch: CommittedBatch } | Stale;

export type Group = {
  readonly members: readonly ComposedMember[];
  readonly accepted: readonly CommittedBatch[];
  /** Head revision after the group. */
  readonly headRevision: number;
  readonly statements: readonly Statement[];
};

type Pointer = readonly [revision: number, table: ControlTable, id: string, op: 'put' | 'remove'];
type Composing = { readonly changes: Change[]; readonly writes: RowWrites; readonly pointers: Pointer[] };

/** Rows as they would be after the members so far, over the committed ones. */
type Overlay = {
  get<T extends ControlTable>(table: T, id: string): Versioned<ControlRows[T]> | undefined;
  set<T extends ControlTable>(table: T, id: string, value: Versioned<ControlRows[T]> | undefined): void;
};

function createOverlay(memory: Pick<ControlMemory, 'get'>): Overlay {
  const written = new Map<string, unknown>();
  return {
    get<T extends ControlTable>(table: T, id: string) {
      const key = `${table}/${id}`;
      return written.has(key) ? (written.get(key) as Versioned<ControlRows[T]> | undefined) : memory.get(table, id);
    },
    set: (table, id, value) => void written.set(`${table}/${id}`, value),
  };
}

type RowMutation = Exclude<Mutation, { kind: 'event' }>;
const mutatedId = (mutation: RowMutation): string => (mutation.kind === 'put' ? mutation.row.id : mutation.id);

/** The first row that is not as the writer read it. */
function findStale({ mutations }: WriteBatch, overlay: Overlay): Stale | undefined {
  for (const mutation of mutations) {
    if (mutation.kind === 'event') continue;
    const id = mutatedId(mutation);
    const found = overlay.get(mutation.table, id)?.version ?? 'absent';
    if (found !== mutation.expect) return { kind: 'stale', table: mutation.table, id, expected: mutation.expect, found };
  }
  return undefined;
}

function composePut<T extends ControlTable>(table: T, row: ControlRows[T], revision: number, overlay: Overlay): Change {
  const before = overlay.get(table, row.id)?.row;
  overlay.set(table, row.id, { row, version: revision });
  return { kind: 'put', table, row, ...(before ? { before } : {}) } as Change;
}

function composeMutation(mutation: Mutation, revision: number, overlay: Overlay, into: Composing): void {
  switch (mutation.kind) {
    case 'put': {
      into.changes.push(composePut(mutation.table, mutation.row, revision, overlay));
      into.writes.put(mutation.table, mutation.row, revision);
      into.pointers.push([revision, mutation.table, mutation.row.id, 'put']);
      return;
    }
    case 'remove': {
      const before = overlay.get(mutation.table, mutation.id)?.row;
      overlay.set(mutation.table, mutation.id, undefined);
      into.changes.push({ kind: 'remove', table: mutation.table, id: mutation.id, before } as Change);
      into.writes.remove(mutation.table, mutation.id);
      into.pointers.push([revision, mutation.table, mutation.id, 'remove']);
      return;
    }
    case 'event': {
      const event = { ...mutation.event, revision };
      into.writes.event(event, into.changes.length);
      into.changes.push({ kind: 'event', event });
      return;
    }
    case 'check':
      // Judged with the others' versions, in order; under the guard of the group, memory is what the database holds.
      return;
    default:
      unreachable(mutation);
  }
}

/**
 * Pure: checks the members' row versions in order, each against what the ones before it would leave, gives the accepted ones their
 * revisions, and writes the statements of the one request that makes them durable.
 *
 * @param headRevision newest committed revision
 */
export function composeGroup(batches: readonly WriteBatch[], memory: Pick<ControlMemory, 'get'>, headRevision: number): Group {
  const overlay = createOverlay(memory);
  const writes = createRowWrites();
  const pointers: Pointer[] = [];
  const accepted: CommittedBatch[] = [];
  const members = batches.map((batch): ComposedMember => {
    const stale = findStale(batch, overlay);
    if (stale) return stale;
    const revision = headRevision + accepted.length + 1;
    const changes: Change[] = [];
    for (const mutation of batch.mutations) composeMutation(mutation, revision, overlay, { changes, writes, pointers });
    const committed: CommittedBatch = { id: batch.id, revision, changes };
    accepted.push(committed);
    return { kind: 'accepted', batch: committed };
  });
  const newHead = headRevision + accepted.length;
  const statements = [
    ...writes.statements(),
    {
      sql: 'INSERT INTO change (revision, table_name, row_id, op) SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?)',
      params: [JSON.stringify(pointers)],
    },
    { sql: 'UPDATE cluster SET head_revision = ?', params: [newHead] },
  ];
  return { members, accepted, headRevision: newHead, statements };
}

/** Why a batch can never be committed as it is, or `undefined`. */
export function findMalformed({ mutations }: WriteBatch): string | undefined {
  const seen = new Set<string>();
  for (const mutation of mutations) {
    if (mutation.kind === 'event') continue;
    const key = `${mutation.table}/${mutatedId(mutation)}`;
    if (seen.has(key)) return `a batch writes each row once, and this one writes ${key} twice`;
    seen.add(key);
  }
  return undefined;
}
