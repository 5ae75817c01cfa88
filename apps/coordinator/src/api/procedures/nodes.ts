import { isDeepStrictEqual } from 'node:util';
import { CloudlessError, saying, type NodeRow, type ProcedureInput } from '@cloudless/proto';
import type { Mutation, Store, Versioned } from '@cloudless/db';
import type { Handlers } from '../call.ts';
import type { Caller } from '../../people/people.ts';
import type { ApiParts } from '../../parts.ts';
import { getNode, listOwned, pageOf } from '../owned-rows.ts';
import type { Views } from '../views.ts';
import { tell, writeRows, type WriteParts } from '../write-rows.ts';

type Names = 'node.list' | 'node.get' | 'node.usage' | 'node.update' | 'node.remove';
type Parts = Pick<ApiParts, 'store' | 'clock' | 'entropy' | 'logger' | 'sessions'>;

function refuseTakenName(store: Store, row: NodeRow): void {
  for (const { row: other } of store.list('node')) {
    if (other.orgId !== row.orgId || other.id === row.id || other.revokedAt !== undefined || other.name !== row.name) continue;
    throw new CloudlessError('name_taken', `Another device is called ${row.name}.`, saying('deviceNameTaken', { name: row.name }));
  }
}

/** The row as asked for, and what of it is new in words; nothing when it is so already. */
function decideUpdate(
  parts: WriteParts,
  caller: Caller,
  found: Versioned<NodeRow>,
  input: ProcedureInput<'node.update'>,
): readonly Mutation[] {
  const { row, version } = found;
  const { name = row.name, labels = row.labels, schedulable = row.schedulable } = input;
  const next: NodeRow = { ...row, name, labels, schedulable, updatedAt: parts.clock.now() };
  const isRelabelled = !isDeepStrictEqual(labels, row.labels);
  const told: Mutation[] = [];
  if (schedulable !== row.schedulable) {
    const kind = schedulable ? 'node.uncordoned' : 'node.cordoned';
    const message = schedulable ? `${name} takes new replicas again` : `${name} takes no new replicas`;
    told.push(tell(parts, caller, { kind, nodeId: row.id, params: { node: name }, message }));
  }
  if (name !== row.name || isRelabelled) {
    const message = name === row.name ? `The labels of ${name} were changed` : `${row.name} is now called ${name}`;
    told.push(tell(parts, caller, { kind: 'node.updated', nodeId: row.id, params: { node: name, before: row.name }, message }));
  }
  if (told.length === 0) return [];
  refuseTakenName(parts.store, next);
  return [{ kind: 'put', table: 'node', row: next, expect: version }, ...told];
}

/** Devices. */
export function createNodeProcedures(parts: Parts, { viewNode }: Views): Pick<Handlers, Names> {
  const { store, clock, sessions } = parts;
  return {
    'node.list': ({ caller, input }) =>
      Promise.resolve(
        pageOf(
          listOwned(store, 'node', caller).filter(({ row }) => row.revokedAt === undefined),
          input,
          ({ row }) => viewNode(row),
        ),
      ),
    'node.get': ({ caller, input }) => Promise.resolve().then(() => viewNode(getNode(store, input.nodeId, caller).row)),
    'node.usage': ({ caller, input }) =>
      Promise.resolve().then(() => ({ samples: [...sessions.usage(getNode(store, input.nodeId, caller).row.id)] })),
    async 'node.update'({ caller, input }) {
      const read = () => getNode(store, input.nodeId, caller);
      await writeRows(parts, read, (found) => decideUpdate(parts, caller, found, input));
      return viewNode(read().row);
    },
    async 'node.remove'({ caller, input }) {
      const read = () => getNode(store, input.nodeId, caller);
      await writeRows(parts, read, ({ row, version }) => {
        const now = clock.now();
        const message = `${row.name} was removed by ${caller.name}`;
        const state = { word: 'left', cause: { code: 'removed', message }, sinceAt: now } as const;
        return [
          { kind: 'put', table: 'node', row: { ...row, revokedAt: now, updatedAt: now, state }, expect: version },
          tell(parts, caller, { kind: 'node.removed', severity: 'warning', nodeId: row.id, params: { node: row.name }, message }),
        ];
      });
      sessions.disconnect(input.nodeId, 'the device was removed');
      return { ok: true };
    },
  };
}
