import type { ProcedureOutput } from '@cloudless/proto';
import { CloudlessError, WELCOME } from '@cloudless/proto';
import type { Handlers } from '../call.ts';
import type { ApiParts } from '../../parts.ts';

/** `<revision>.<id>` of the oldest event that the reader has. */
function parseCursor(cursor: string): { readonly revision: number; readonly id: string } {
  const [revision = '', id = ''] = cursor.split('.', 2);
  if (/^\d{1,15}$/.test(revision) && id !== '') return { revision: Number(revision), id };
  throw new CloudlessError('invalid_input', 'The cursor is not one that event.list gave.', {
    issues: [{ path: 'cursor', message: 'is not a cursor' }],
  });
}

export function createEventProcedures({ store }: Pick<ApiParts, 'store'>): Pick<Handlers, 'event.list' | 'catalogue.list'> {
  return {
    async 'event.list'({ caller, input, signal }) {
      const { limit, cursor, workloadId, nodeId, kinds } = input;
      const before = cursor === undefined ? undefined : parseCursor(cursor);
      const found = await store.listEvents({ orgId: caller.orgId, workloadId, nodeId, kinds, before, limit: limit + 1 }, signal);
      const rows = found.slice(0, limit);
      const last = rows.at(-1);
      return { rows, ...(found.length > limit && last ? { nextCursor: `${last.revision}.${last.id}` } : {}) };
    },
    'catalogue.list': ({ caller }) => Promise.resolve({ rows: [welcomeEntry(store, caller.orgId)] }),
  };
}

type Entry = ProcedureOutput<'catalogue.list'>['rows'][number];

/** Devices assemble its image themselves, when their engine runs amd64 or arm64. */
function welcomeEntry(store: ApiParts['store'], orgId: string): Entry {
  const available = [...store.list('node')].some(
    ({ row }) => row.orgId === orgId && row.revokedAt === undefined && row.fingerprint !== undefined && row.fingerprint.arch !== 'other',
  );
  return {
    id: 'welcome',
    title: 'Welcome',
    description: 'A page that says on which of your devices it runs. Needs no registry.',
    license: 'MIT',
    available,
    metadata: { ...WELCOME.metadata },
    spec: { ...WELCOME.spec },
  };
}
