import { on, once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nullLogger } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { parseConfig } from '../config.ts';
import { createCoordinator } from '../coordinator.ts';
import { createApi } from './create-api.ts';

/** A whole coordinator on a real port, as a browser and programs reach it. */
async function start() {
  const folder = await mkdtemp(join(tmpdir(), 'cloudless-whole-api-'));
  const coordinator = await createCoordinator({
    config: parseConfig({ CLOUDLESS_DATA: folder, CLOUDLESS_PORT: '0' }),
    clock: createRealClock(),
    entropy: createRealEntropy(),
    logger: nullLogger,
    machine: () => ({ hostname: 'attic', addresses: [] }),
    version: '9.9.9',
    createApi,
  });
  const { url } = coordinator;
  async function post(procedure: string, input: object, headers: Record<string, string> = {}) {
    return fetch(`${url}/trpc/${procedure}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: url, ...headers },
      body: JSON.stringify(input),
    });
  }
  return {
    url,
    post,
    get: (procedures: string, inputs: object, cookie: string) =>
      fetch(`${url}/trpc/${procedures}?batch=1&input=${encodeURIComponent(JSON.stringify(inputs))}`, { headers: { cookie } }),
    async claim(): Promise<string> {
      const code = await readFile(join(folder, 'coordinator/claim-code'), 'utf8');
      const answer = await post('claim.submit', { code, name: 'Ada', email: 'ada@example.org', password: 'correct horse battery' });
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
      return answer.headers
        .getSetCookie()
        .map((cookie) => cookie.split(';')[0])
        .join('; ');
    },
    async [Symbol.asyncDispose]() {
      await coordinator.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type Message = { readonly result?: { readonly id?: string; readonly data?: { readonly data?: { readonly kind: string } } } };

it('claiming signs the browser in by the answer itself, and calls travel in one batch', async () => {
  await using at = await start();
  const cookie = await at.claim();
  const answer = await at.get('account.me,cluster.get,workload.get', { 0: {}, 1: {}, 2: { workloadId: 'x' } }, cookie);
  const [me, cluster, wrong] = (await answer.json()) as { result?: { data: object }; error?: { data: object } }[];
  expect(me?.result?.data).toMatchObject({ user: { name: 'Ada' }, role: 'owner', recoveryCodesLeft: 8 });
  expect(cluster?.result?.data).toMatchObject({ version: '9.9.9' });
  expect(wrong?.error?.data).toMatchObject({ code: 'invalid_input', docs: '/docs/errors/invalid_input' });
});

it('a link cannot change anything: a change by GET is refused', async () => {
  await using at = await start();
  const cookie = await at.claim();
  const input = encodeURIComponent(JSON.stringify({ name: 'ci', scope: 'write' }));
  const answer = await fetch(`${at.url}/trpc/token.create?input=${input}`, { headers: { cookie } });
  expect(answer.ok).toBe(false);
  const list = await at.get('token.list', { 0: {} }, cookie);
  expect(await list.json()).toMatchObject([{ result: { data: { rows: [] } } }]);
});

it('an error says its code, status, faults, remedy and page', async () => {
  await using at = await start();
  const cookie = await at.claim();
  const answer = await at.post('workload.create', { metadata: { name: 'X' }, spec: {} }, { cookie });
  const { error } = (await answer.json()) as { error: { message: string; data: object } };
  expect([answer.status, error.data]).toEqual([
    400,
    expect.objectContaining({
      code: 'invalid_input',
      httpStatus: 400,
      path: 'workload.create',
      remedy: expect.stringContaining('Correct the fields') as string,
      docs: '/docs/errors/invalid_input',
      issues: expect.arrayContaining([
        expect.objectContaining({ path: 'metadata.name' }),
        expect.objectContaining({ path: 'spec.image' }),
      ]) as object,
    }),
  ]);
});

it('who tries too many codes is told how long to wait', async () => {
  await using at = await start();
  const guess = () =>
    at.post('claim.submit', { code: 'AAAA-AAAA-AAAA', name: 'Eve', email: 'eve@example.org', password: 'long enough pw' });
  for (let index = 0; index < 10; index += 1) expect((await guess()).status).toBe(403);
  const answer = await guess();
  expect([answer.status, Number(answer.headers.get('retry-after'))]).toEqual([429, expect.any(Number)]);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
});

it('a page follows the cluster by a WebSocket, and comes back with the id of what it has', async () => {
  await using at = await start();
  const cookie = await at.claim();
  const connect = async (lastEventId?: string) => {
    const socket = new WebSocket(`${at.url.replace('http', 'ws')}/trpc`, { headers: { cookie, origin: at.url } });
    const heard = on(socket, 'message');
    await once(socket, 'open');
    const params = { path: 'live.follow', input: {}, ...(lastEventId === undefined ? {} : { lastEventId }) };
    socket.send(JSON.stringify({ id: 1, jsonrpc: '2.0', method: 'subscription', params }));
    return { socket, heard };
  };
  const untilKind = async ({ heard }: Awaited<ReturnType<typeof connect>>, kind: string): Promise<string> => {
    for (;;) {
      const { value } = (await heard.next()) as { value: [Buffer] };
      const { result } = JSON.parse(value[0].toString()) as Message;
      if (result?.data?.data?.kind === kind) return result.id ?? '';
    }
  };
  const create = (name: string) => at.post('workload.create', { metadata: { name }, spec: { image: 'a' } }, { cookie });
  const first = await connect();
  await untilKind(first, 'tick');
  expect((await create('one')).status).toBe(200);
  const id = await untilKind(first, 'event');
  first.socket.close();
  expect((await create('two')).status).toBe(200);
  const second = await connect(id);
  expect(Number(await untilKind(second, 'workload'))).toBeGreaterThanOrEqual(Number(id));
  second.socket.close();
});
