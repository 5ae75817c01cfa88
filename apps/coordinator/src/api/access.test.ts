import {
  API,
  isAllowed,
  ROLES,
  TOKEN_SCOPES,
  type OrgId,
  type Permission,
  type ProcedureName,
  type Role,
  type TokenScope,
} from '@cloudless/proto';
import { buildAllocationRow, buildNodeRow, buildWorkloadRow } from '@cloudless/proto/testing';
import { expect, it } from 'vitest';
import { createTestApi, outcomeOf, type TestApi, type Who } from './testing/create-test-api.ts';

/** Rows of one organisation; the other has rows of its own. */
async function addRows(api: TestApi, orgId: OrgId, name: string) {
  const node = buildNodeRow(name, { id: api.entropy.id('node') as never, orgId });
  const spec = { image: 'example/web:1', ports: [{ name: 'http', containerPort: 80 }] };
  const workload = buildWorkloadRow(name, spec, { id: api.entropy.id('wl') as never, orgId, projectId: api.cluster.projectId });
  const allocation = { ...buildAllocationRow(workload, node), id: api.entropy.id('alloc') as never };
  await api.commit(
    { kind: 'put', table: 'node', row: node, expect: 'absent' },
    { kind: 'put', table: 'workload', row: workload, expect: 'absent' },
    { kind: 'put', table: 'allocation', row: allocation, expect: 'absent' },
  );
  return { nodeId: node.id, workloadId: workload.id, allocationId: allocation.id, name };
}
type Rows = Awaited<ReturnType<typeof addRows>>;

/** `row`: names a row of an organisation. `list`: answers rows. `own`: is about the caller alone. */
type Case = { readonly about: 'row' | 'list' | 'own'; readonly input: (rows: Rows) => object };
const onWorkload = (more: object = {}): Case => ({ about: 'row', input: ({ workloadId }) => ({ workloadId, ...more }) });
const onNode = (more: object = {}): Case => ({ about: 'row', input: ({ nodeId }) => ({ nodeId, ...more }) });
const list: Case = { about: 'list', input: () => ({}) };
const own = (input: object = {}): Case => ({ about: 'own', input: () => input });
const JOIN_ID = `join_${'a'.repeat(26)}`;
const SPEC = { image: 'example/other:1' };

/** One for each procedure: a new one does not compile without. */
const CASES: Readonly<Record<ProcedureName, Case>> = {
  'claim.state': own(),
  'claim.submit': own({ code: 'x', name: 'Eve', email: 'eve@example.org', password: 'long enough pw' }),
  'recovery.submit': own({ email: 'eve@example.org', code: 'x', password: 'long enough pw' }),
  'account.me': own(),
  'account.renewRecoveryCodes': own(),
  'cluster.get': own(),
  'cluster.status': own(),
  'cluster.backUp': own(),
  'cluster.checkStore': own({ url: 'http://127.0.0.1:1' }),
  'node.list': list,
  'node.get': onNode(),
  'node.usage': onNode(),
  'node.update': onNode({ schedulable: false }),
  'node.createJoinToken': own({ name: 'attic' }),
  'node.remove': onNode(),
  'node.setLending': onNode({ lending: { mainsOnly: true } }),
  'node.pause': onNode({ paused: true }),
  'node.drain': onNode({ draining: true }),
  'node.listJoins': own(),
  'node.openJoinRequest': own({ code: 'ABCD-EFGH' }),
  'node.approveJoin': own({ id: JOIN_ID }),
  'node.denyJoin': own({ id: JOIN_ID }),
  'node.cancelJoin': own({ id: JOIN_ID }),
  'cluster.reach': own(),
  'cluster.checkReach': own(),
  'workload.list': list,
  'workload.get': onWorkload(),
  'workload.plan': onWorkload({ metadata: { name: 'planned' }, spec: SPEC }),
  'workload.create': { about: 'own', input: ({ name }) => ({ metadata: { name: `${name}-made` }, spec: SPEC }) },
  'workload.update': onWorkload({ spec: SPEC }),
  'workload.scale': onWorkload({ replicas: 2 }),
  'workload.restart': onWorkload(),
  'workload.stop': onWorkload(),
  'workload.start': onWorkload(),
  'workload.deletePreview': onWorkload(),
  'workload.delete': onWorkload(),
  'allocation.list': list,
  'log.follow': onWorkload(),
  'event.list': list,
  'live.follow': own(),
  'catalogue.list': own(),
  'token.list': own(),
  'token.create': own({ name: 'ci', scope: 'read' }),
  'token.revoke': own({ id: `tok_${'a'.repeat(26)}` }),
};

/** What a procedure answers for itself to whoever may call it. */
const REFUSES: Partial<Record<ProcedureName, string>> = {
  'claim.submit': 'claim_code_wrong',
  'recovery.submit': 'credentials_wrong',
  'token.revoke': 'not_found',
  'node.openJoinRequest': 'join_code_wrong',
  'node.approveJoin': 'not_found',
  'node.denyJoin': 'not_found',
  'node.cancelJoin': 'not_found',
};

const CALLERS: readonly (readonly [string, { readonly role: Role; readonly scope?: TokenScope } | undefined])[] = [
  ['nobody', undefined],
  ...ROLES.map((role) => [role, { role }] as const),
  ...ROLES.flatMap((role) => TOKEN_SCOPES.map((scope) => [`a ${scope} token of ${role}`, { role, scope }] as const)),
];
const NAMES = Object.keys(API) as ProcedureName[];
/** A stream is called by asking for its first element; there may be none while nothing happens. */
async function callOnce(api: TestApi, who: Who | undefined, name: ProcedureName, input: object): Promise<void> {
  const leaving = new AbortController();
  const answer = await api.call(who, name, input, leaving.signal);
  if (API[name].kind !== 'subscription') return;
  const first = (answer as AsyncIterable<unknown>)[Symbol.asyncIterator]().next();
  await Promise.race([first, api.clock.advance(0)]);
  leaving.abort(new Error('the test has seen enough'));
  await first;
}

function expected(name: ProcedureName, who: (typeof CALLERS)[number][1], isForeign: boolean): string {
  const { permission } = API[name] as { readonly permission: Permission | 'public' };
  if (permission === 'public') return REFUSES[name] ?? 'ok';
  if (!who) return 'unauthenticated';
  if (!isAllowed(permission, who.role, who.scope)) return 'forbidden';
  return isForeign ? 'not_found' : (REFUSES[name] ?? 'ok');
}

/** How a procedure ends for each caller, on rows of their own. */
async function outcomesOf(api: TestApi, name: ProcedureName, orgId: OrgId): Promise<Record<string, string>> {
  const outcomes: Record<string, string> = {};
  for (const [index, [label, who]] of CALLERS.entries()) {
    const rows = await addRows(api, orgId, `row${index}`);
    outcomes[label] = await outcomeOf(callOnce(api, who, name, CASES[name].input(rows)));
    // Who tries codes too often is told to wait, whoever they are.
    if (API[name].permission === 'public') await api.clock.advance(600_000);
  }
  return outcomes;
}
const expectedOutcomes = (name: ProcedureName, isForeign: boolean): Record<string, string> =>
  Object.fromEntries(CALLERS.map(([label, who]) => [label, expected(name, who, isForeign)]));

const namesAbout = (about: Case['about']): ProcedureName[] => NAMES.filter((name) => CASES[name].about === about);

it.each(NAMES)('%s answers each role and token as the access table says', async (name) => {
  await using api = await createTestApi();
  expect(await outcomesOf(api, name, api.cluster.orgId)).toEqual(expectedOutcomes(name, false));
});

it.each(namesAbout('row'))('%s does not know the rows of another organisation, nor changes them', async (name) => {
  await using api = await createTestApi();
  const orgId = api.entropy.id('org') as OrgId;
  expect(await outcomesOf(api, name, orgId)).toEqual(expectedOutcomes(name, true));
  expect([...api.store.list('workload')].filter(({ row }) => row.generation > 1 || row.deletedAt !== undefined)).toEqual([]);
  expect([...api.store.list('node')].filter(({ row }) => row.revokedAt !== undefined || !row.schedulable)).toEqual([]);
  expect(await api.store.listEvents({ orgId, limit: 10 })).toEqual([]);
});

it.each(namesAbout('list'))('%s lists no row of another organisation, whatever it is filtered by', async (name) => {
  await using api = await createTestApi();
  const foreign = await addRows(api, api.entropy.id('org') as OrgId, 'foreign');
  await addRows(api, api.cluster.orgId, 'home');
  const isFiltered = name === 'allocation.list' || name === 'event.list';
  for (const filter of isFiltered ? [{}, { workloadId: foreign.workloadId }, { nodeId: foreign.nodeId }] : [{}]) {
    const { rows } = (await api.call({ role: 'owner' }, name, filter)) as { rows: { orgId: string }[] };
    expect(rows.filter(({ orgId }) => orgId !== api.cluster.orgId)).toEqual([]);
  }
});

/** In words, so that a change of the table by mistake shows. */
it.each([
  ['account.me', { role: 'owner', scope: 'write' }],
  ['token.create', { role: 'owner', scope: 'write' }],
  ['node.createJoinToken', { role: 'member' }],
  ['node.remove', { role: 'member' }],
  ['workload.create', { role: 'viewer' }],
  ['workload.delete', { role: 'owner', scope: 'read' }],
  ['log.follow', { role: 'viewer' }],
  ['token.list', { role: 'viewer' }],
] as const)('%s is forbidden to %j', async (name, who) => {
  await using api = await createTestApi();
  const rows = await addRows(api, api.cluster.orgId, 'home');
  expect(await outcomeOf(callOnce(api, who, name, CASES[name].input(rows)))).toBe('forbidden');
});

it('the cases are those of the contract', () => {
  expect(Object.keys(CASES).sort()).toEqual([...NAMES].sort());
});

it('a person who has one organisation cannot name another by its rows alone: the answer is that of no row at all', async () => {
  await using api = await createTestApi();
  const foreign = await addRows(api, api.entropy.id('org') as OrgId, 'foreign');
  const [theirs, nobodys] = await Promise.all(
    [foreign.workloadId, `wl_${'a'.repeat(26)}`].map((workloadId) =>
      api.call({ role: 'owner' }, 'workload.get', { workloadId }).catch((error: Error) => error.message),
    ),
  );
  expect(theirs).toBe(String(nobodys).replaceAll(`wl_${'a'.repeat(26)}`, foreign.workloadId));
});

it('a refused attempt leaves one event, however often it is repeated, and one of nobody none', async () => {
  await using api = await createTestApi();
  const attempt = (who: Who | undefined) => outcomeOf(api.call(who, 'node.createJoinToken', { name: 'attic' }));
  expect(await Promise.all([attempt({ role: 'viewer' }), attempt({ role: 'viewer' }), attempt(undefined)])).toEqual([
    'forbidden',
    'forbidden',
    'unauthenticated',
  ]);
  await api.clock.advance(0);
  const events = await api.store.listEvents({ orgId: api.cluster.orgId, kinds: ['access.denied'], limit: 10 });
  expect(events).toMatchObject([{ severity: 'warning', actor: { kind: 'user', name: 'viewer' }, params: { permission: 'node.enrol' } }]);
});
