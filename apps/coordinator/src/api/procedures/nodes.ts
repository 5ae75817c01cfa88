import { CloudlessError, nodeRowSchema, type NodeRow, type ProcedureInput } from '@cloudless/proto';
import type { Mutation, Store } from '@cloudless/db';
import type { Handlers } from '../call.ts';
import type { Caller } from '../../people/people.ts';
import type { ApiParts } from '../../parts.ts';
import { getNode, listOwned, pageOf } from '../owned-rows.ts';
import type { Views } from '../views.ts';
import { tell, writeRows, type WriteParts } from '../write-rows.ts';

type Names = 'node.list' | 'node.get' | 'node.usage' | 'node.update' | 'node.createJoinToken' | 'node.remove';
type Parts = Pick<ApiParts, 'store' | 'clock' | 'entropy' | 'sessions' | 'enrolment'>;

function refuseTakenName(store: Store, row: NodeRow): void {
  for (const { row: other } of store.list('node')) {
    if (other.orgId !== row.orgId || other.id === row.id || other.revokedAt !== undefined || other.name !== row.name) continue;
    throw new CloudlessError('name_taken', `Another device is called ${row.name}.`, { params: { name: row.name } });
  }
}

/** The row as asked for, and what of it is new in words. */
function updated(parts: WriteParts, caller: Caller, row: NodeRow, input: ProcedureInput<'node.update'>): readonly Mutation[] {
  const { nodeId: _nodeId, ...wanted } = input;
  const next = nodeRowSchema.parse({ ...row, ...wanted, updatedAt: parts.clock.now() });
  const isSame =
    next.name === row.name && next.schedulable === row.schedulable && JSON.stringify(next.labels) === JSON.stringify(row.labels);
  if (isSame) return [];
  refuseTakenName(parts.store, next);
  const told: Mutation[] = [];
  const params = { node: next.name };
  if (next.schedulable !== row.schedulable) {
    const kind = next.schedulable ? 'node.uncordoned' : 'node.cordoned';
    const message = next.schedulable ? `${next.name} takes new replicas again` : `${next.name} takes no new replicas`;
    told.push(tell(parts, caller, { kind, nodeId: row.id, params, message }));
  }
  if (next.name !== row.name || JSON.stringify(next.labels) !== JSON.stringify(row.labels)) {
    const message = next.name === row.name ? `The labels of ${next.name} were changed` : `${row.name} is now called ${next.name}`;
    told.push(tell(parts, caller, { kind: 'node.updated', nodeId: row.id, params: { ...params, before: row.name }, message }));
  }
  return [{ kind: 'put', table: 'node', row: next, expect: parts.store.get('node', row.id)?.version ?? 'absent' }, ...told];
}

/** Devices. */
export function createNodeProcedures(parts: Parts, { viewNode }: Views): Pick<Handlers, Names> {
  const { store, clock, sessions, enrolment } = parts;
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
      await writeRows(parts, read, ({ row }) => updated(parts, caller, row, input));
      return viewNode(read().row);
    },
    async 'node.createJoinToken'({ caller, input }) {
      const ownerUserId = caller.kind === 'user' ? caller.id : caller.userId;
      const made = await enrolment.createJoinToken({ orgId: caller.orgId, ownerUserId, name: input.name, labels: input.labels });
      return { ...made };
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
