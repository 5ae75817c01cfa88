import type { Workload } from '@cloudless/proto';
import { describe, expect, it } from 'vitest';
import { createTestApi, type TestApi } from '../testing/create-test-api.ts';

type Problem = {
  readonly type: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly issues: { path: string }[];
};
const SPEC = { image: 'example/web:1', ports: [{ name: 'http', containerPort: 80 }] };
const named = (name: string, spec: object = SPEC) => ({ metadata: { name }, spec });

/** A program with a token that reads and writes. */
async function connect(api: TestApi) {
  const token = await api.claim();
  const authorization = `Bearer ${token}`;
  const server = await api.listen();
  return {
    ...server,
    token,
    async call<T = Problem>(method: string, path: string, body?: object | string, headers: Record<string, string> = {}) {
      const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
      const type = body === undefined ? {} : { 'content-type': 'application/json' };
      const answer = await fetch(`${server.url}/api/v1${path}`, { method, headers: { authorization, ...type, ...headers }, ...sent });
      return { status: answer.status, headers: answer.headers, body: (await answer.json()) as T };
    },
  };
}

async function open() {
  const api = await createTestApi();
  const rest = await connect(api);
  return {
    api,
    ...rest,
    async [Symbol.asyncDispose]() {
      await rest[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
    },
  };
}

describe('an app over REST', () => {
  it('is made, read by its Location, changed under its ETag, and deleted', async () => {
    await using at = await open();
    const made = await at.call<Workload>('POST', '/workloads', named('web'));
    expect([made.status, made.headers.get('etag'), made.body.url]).toEqual([201, '"1"', 'http://127.0.0.1:7700/']);
    const location = made.headers.get('location') ?? '';
    expect(location).toBe(`/api/v1/workloads/${made.body.id}`);
    const path = location.slice('/api/v1'.length);
    const read = await at.call<Workload>('GET', path);
    expect(read.body).toEqual(made.body);
    const scaled = await at.call<Workload>('POST', `${path}/scale`, { replicas: 3 }, { 'if-match': '"1"' });
    expect([scaled.status, scaled.headers.get('etag'), scaled.body.spec.replicas]).toEqual([200, '"2"', 3]);
    const stale = await at.call('PUT', path, { spec: SPEC }, { 'if-match': '"1"' });
    expect([stale.status, stale.body.code]).toEqual([412, 'stale']);
    expect((await at.call('DELETE', path)).status).toBe(200);
    expect((await at.call('DELETE', path)).status).toBe(200);
    expect((await at.call<Workload>('GET', path)).body.deletedAt).toBeTypeOf('number');
  });

  it('is the path’s, whatever the body or the query say', async () => {
    await using at = await open();
    const [one, other] = [
      await at.call<Workload>('POST', '/workloads', named('one')),
      await at.call<Workload>('POST', '/workloads', named('other')),
    ];
    const changed = await at.call<Workload>('POST', `/workloads/${one.body.id}/scale?workloadId=${other.body.id}`, {
      workloadId: other.body.id,
      replicas: 7,
    });
    expect([changed.body.id, changed.body.spec.replicas]).toEqual([one.body.id, 7]);
  });

  it('is planned by a POST that changes nothing', async () => {
    await using at = await open();
    const planned = await at.call<{ unplaced: object[] }>('POST', '/workloads/plan', named('web'));
    expect([planned.status, planned.body.unplaced.length, [...at.api.store.list('workload')]]).toEqual([200, 1, []]);
  });
});

describe('an Idempotency-Key', () => {
  const KEY = { 'idempotency-key': 'deploy-1' };

  it('gives the first answer again, however often and at once, and the change happens once', async () => {
    await using at = await open();
    const answers = await Promise.all([1, 2, 3].map(() => at.call<Workload>('POST', '/workloads', named('web'), KEY)));
    const [first] = answers;
    expect(answers.map(({ status, body, headers }) => [status, body, headers.get('etag')])).toEqual(
      answers.map(() => [201, first?.body, '"1"']),
    );
    const path = `/workloads/${first?.body.id}/restart`;
    for (const _time of [1, 2])
      expect((await at.call<Workload>('POST', path, undefined, { 'idempotency-key': 'r' })).body.generation).toBe(2);
    expect((await at.call<Workload>('POST', '/workloads', named('web'), KEY)).body).toEqual(first?.body);
    expect([...at.api.store.list('workload')]).toHaveLength(1);
  });

  it('of another request is a conflict, in body, address and guard', async () => {
    await using at = await open();
    const { body } = await at.call<Workload>('POST', '/workloads', named('web'), KEY);
    const other = await at.call('POST', '/workloads', named('other'), KEY);
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_conflict']);
    expect((await at.call('POST', `/workloads/${body.id}/stop`, undefined, KEY)).body.code).toBe('idempotency_conflict');
    expect([...at.api.store.list('workload')]).toHaveLength(1);
  });

  it('is free again after what was refused, and after a day', async () => {
    await using at = await open();
    expect((await at.call('POST', '/workloads', named('Not A Name'), KEY)).status).toBe(400);
    expect((await at.call('POST', '/workloads', named('web'), KEY)).status).toBe(201);
    at.api.clock.stepWall(25 * 3_600_000);
    expect((await at.call('POST', '/workloads', named('other'), KEY)).status).toBe(201);
  });

  it('holds over a restart of the coordinator, even one that lost the answer', async () => {
    await using at = await open();
    const first = await at.call<Workload>('POST', '/workloads', named('web'), KEY);
    await using again = await at.api.listen();
    const headers = { authorization: `Bearer ${at.token}`, 'content-type': 'application/json', ...KEY };
    const repeat = () => fetch(`${again.url}/api/v1/workloads`, { method: 'POST', headers, body: JSON.stringify(named('web')) });
    expect(await (await repeat()).json()).toEqual(first.body);
    await at.api.driver.batch([{ sql: 'DELETE FROM idempotency' }], { id: 'the coordinator died before it kept the answer' });
    expect(await (await repeat()).json()).toMatchObject({ id: first.body.id, generation: 1 });
    expect([...at.api.store.list('workload')]).toHaveLength(1);
  });

  it('keeps no secret: a repeated join token is another', async () => {
    await using at = await open();
    const make = () => at.call<{ token: string }>('POST', '/join-tokens', { name: 'attic' }, KEY);
    const [one, other] = [await make(), await make()];
    expect(one.body.token).not.toBe(other.body.token);
    expect((await at.api.driver.query({ sql: 'SELECT key FROM idempotency' })).rows).toEqual([]);
  });
});

describe('a list', () => {
  it('is read page by page to its end, each row once, while rows come and go', async () => {
    await using at = await open();
    const ids: string[] = [];
    for (const index of [1, 2, 3, 4, 5])
      ids.push((await at.call<Workload>('POST', '/workloads', named(`app-${index}`, { image: 'a' }))).body.id);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await at.call<{ rows: Workload[]; nextCursor?: string }>(
        'GET',
        `/workloads?limit=2${cursor ? `&cursor=${cursor}` : ''}`,
      );
      expect(page.body.rows.length).toBeLessThanOrEqual(2);
      seen.push(...page.body.rows.map(({ id }) => id));
      cursor = page.body.nextCursor;
      if (seen.length === 2) await at.call('DELETE', `/workloads/${seen[0]}`);
    } while (cursor);
    expect(seen).toEqual(ids.toSorted());
  });

  it('of events is told newest first, filtered by kind, app and page', async () => {
    await using at = await open();
    const { body } = await at.call<Workload>('POST', '/workloads', named('web'));
    await at.call('POST', `/workloads/${body.id}/stop`);
    await at.call('POST', `/workloads/${body.id}/start`);
    const kindsAt = async (query: string) => {
      const page = await at.call<{ rows: { kind: string }[]; nextCursor?: string }>('GET', `/events?workloadId=${body.id}&${query}`);
      return { kinds: page.body.rows.map(({ kind }) => kind), next: page.body.nextCursor };
    };
    expect((await kindsAt('')).kinds).toEqual(['workload.started', 'workload.stopped', 'workload.created']);
    expect((await kindsAt('kinds=workload.created')).kinds).toEqual(['workload.created']);
    expect((await kindsAt('kinds=workload.created&kinds=workload.stopped')).kinds).toEqual(['workload.stopped', 'workload.created']);
    const first = await kindsAt('limit=2');
    expect([first.kinds.length, (await kindsAt(`limit=2&cursor=${first.next}`)).kinds]).toEqual([2, ['workload.created']]);
    expect((await at.call('GET', '/events?cursor=nonsense')).body.code).toBe('invalid_input');
  });
});

describe('every refusal is problem+json', () => {
  it.each([
    ['GET', '/nowhere', undefined, 404, 'not_found'],
    ['GET', `/workloads/wl_${'a'.repeat(26)}`, undefined, 404, 'not_found'],
    ['GET', '/workloads/nonsense', undefined, 400, 'invalid_input'],
    ['GET', '/workloads?limit=0', undefined, 400, 'invalid_input'],
    ['GET', '/workloads?limit=many', undefined, 400, 'invalid_input'],
    ['GET', '/workloads?unknown=1', undefined, 400, 'invalid_input'],
    ['PATCH', '/workloads', {}, 405, 'invalid_input'],
    ['POST', `/workloads/wl_${'a'.repeat(26)}/logs`, {}, 405, 'invalid_input'],
    ['POST', '/workloads', '{"metadata":', 400, 'invalid_input'],
    ['POST', '/workloads', '[1]', 400, 'invalid_input'],
    ['POST', '/workloads', named('web', { image: 'x', env: { A: 'x'.repeat(5 * 2 ** 20) } }), 413, 'too_large'],
    ['GET', `/workloads/wl_${'a'.repeat(26)}/logs?tail=-1`, undefined, 400, 'invalid_input'],
    ['GET', '/events/follow?after=999999', undefined, 410, 'cursor_expired'],
  ] as const)('%s %s', async (method, path, body, status, code) => {
    await using at = await open();
    const answer = await at.call(method, path, body);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
    expect(answer.body).toMatchObject({ code, type: `/docs/errors/${code}`, remedy: expect.any(String) as string });
    expect(answer.headers.has('allow')).toBe(status === 405);
  });

  it('that of a body in another format names the one that is read', async () => {
    await using at = await open();
    const answer = await at.call('POST', '/workloads', 'metadata: {}', { 'content-type': 'application/yaml' });
    expect([answer.status, answer.body.issues[0]?.path]).toEqual([400, 'Content-Type']);
  });

  it('that of an If-Match which this API never gave changes nothing', async () => {
    await using at = await open();
    const { body } = await at.call<Workload>('POST', '/workloads', named('web'));
    for (const tag of ['W/"1"', '1', '"one"']) {
      expect((await at.call('DELETE', `/workloads/${body.id}`, undefined, { 'if-match': tag })).status).toBe(400);
    }
    expect([...at.api.store.list('workload')].every(({ row }) => row.deletedAt === undefined)).toBe(true);
  });

  it('that without a token asks for one, before the body is read', async () => {
    await using at = await open();
    const answer = await at.call('POST', '/workloads', '{"metadata":', { authorization: 'Bearer cl_wrong' });
    expect([answer.status, answer.body.code]).toEqual([401, 'unauthenticated']);
  });
});

it('serves its own OpenAPI document to everybody', async () => {
  await using at = await open();
  const answer = await at.call<{ openapi: string }>('GET', '/openapi.json', undefined, { authorization: '' });
  expect(answer.body.openapi).toBe('3.1.0');
});

it('streams events as a line each, from a revision on', async () => {
  await using at = await open();
  const before = at.api.store.revision;
  await at.call('POST', '/workloads', named('web'));
  const leaving = new AbortController();
  const headers = { authorization: `Bearer ${at.token}` };
  const answer = await fetch(`${at.url}/api/v1/events/follow?after=${before}`, { headers, signal: leaving.signal });
  const lines = answer.body?.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  let text = '';
  while (!text.includes('workload.created')) text += (await lines?.next())?.value ?? '';
  await at.call('POST', '/workloads', named('second'));
  while (!text.includes('second')) text += (await lines?.next())?.value ?? '';
  leaving.abort();
  const events = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { kind: string; revision: number });
  expect(events.map(({ kind }) => kind)).toEqual(['workload.created', 'workload.created']);
  expect(events[0]?.revision).toBeGreaterThan(before);
});
