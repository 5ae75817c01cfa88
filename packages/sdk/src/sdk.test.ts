import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CloudlessError } from '@cloudless/proto';
import { expect, test, vi } from 'vitest';
import { createClient } from './client.ts';
import type { CloudlessClient, FollowHandlers, FollowState } from './client-type.ts';
import { startTinyCoordinator, type TinyApi } from './testing/tiny-coordinator.ts';

const WORKLOAD = 'wl_aaaaaaaaaaaaaaaaaaaaaaaaaa';

const failureOf = async (call: Promise<unknown>): Promise<CloudlessError> => {
  const failure = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(failure instanceof CloudlessError)) throw new Error('did not fail with a CloudlessError', { cause: failure });
  return failure;
};

/** Keeps what a stream says, and tells when something asked for has come. */
function createListener() {
  const said: string[] = [];
  const waiting = new Set<() => void>();
  const say = (line: string): void => {
    said.push(line);
    for (const look of waiting) look();
  };
  const handlers: FollowHandlers<unknown> = {
    onData: (element, eventId) => say(`${JSON.stringify(element)}#${eventId ?? ''}`),
    onError: (error) => say(`error ${error.code}`),
    onState: (state: FollowState) => say(state),
  };
  return {
    said,
    handlers,
    until: (line: string, times = 1) =>
      new Promise<void>((resolve) => {
        const look = (): void => {
          if (said.filter((each) => each === line).length < times) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}

const untilAborted = (signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    if (signal === undefined || signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Counts from the cursor on, two elements a connection, and then stays silent. */
const countFrom: TinyApi['live'] = async function* (lastEventId, signal) {
  const start = Number(lastEventId ?? 0);
  for (const at of [start + 1, start + 2]) yield { id: String(at), data: { kind: 'tick', at } };
  await untilAborted(signal);
};

test('asks and changes with the types of the contract, and sends its token', async () => {
  const seen: unknown[] = [];
  await using coordinator = await startTinyCoordinator({
    list: (input) => ({ rows: [], input }),
    scale: (input, request) => {
      seen.push(input, request.headers.authorization);
      return { id: WORKLOAD };
    },
  });
  await using client = createClient({ url: coordinator.url, token: 'cl_secret' });
  expect(await client.workload.list({ limit: 3 })).toEqual({ rows: [], input: { limit: 3 } });
  expect(await client.workload.list()).toEqual({ rows: [], input: {} });
  await client.workload.scale({ workloadId: WORKLOAD, replicas: 2 });
  expect(seen).toEqual([{ workloadId: WORKLOAD, replicas: 2 }, 'Bearer cl_secret']);
});

test('asks together what is asked in one moment, and sends each change by itself, at once', async () => {
  const addresses: (string | undefined)[] = [];
  await using coordinator = await startTinyCoordinator({ list: () => ({ rows: [] }), scale: () => ({ id: WORKLOAD }) });
  const listen: typeof fetch = (url, init) => {
    addresses.push(new URL(String(url)).pathname);
    return fetch(url, init);
  };
  await using client = createClient({ url: coordinator.url, fetch: listen });
  const scale = (): Promise<unknown> => client.workload.scale({ workloadId: WORKLOAD, replicas: 2 });
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  try {
    const lists = [client.workload.list(), client.workload.list()];
    // No timer fires: a change that waited for one would never come.
    await Promise.all([scale(), scale()]);
    expect(addresses).toEqual(['/trpc/workload.scale', '/trpc/workload.scale']);
    vi.runAllTimers();
    await Promise.all(lists);
    expect(addresses.slice(2)).toEqual(['/trpc/workload.list,workload.list']);
  } finally {
    vi.useRealTimers();
  }
});

test('refuses at compile time what the contract refuses', () => {
  const neverRun = (client: CloudlessClient): void => {
    // @ts-expect-error a replica count is a number
    void client.workload.scale({ workloadId: WORKLOAD, replicas: 'two' });
    // @ts-expect-error a scale needs its app
    void client.workload.scale({ replicas: 1 });
    // @ts-expect-error a stream needs handlers
    client.live.follow({});
  };
  expect(neverRun).toBeTypeOf('function');
});

test('sends an input too long for an address as a body', async () => {
  await using coordinator = await startTinyCoordinator({ plan: (input) => JSON.stringify(input).length });
  await using client = createClient({ url: coordinator.url });
  const spec = { image: 'a', args: Array.from({ length: 200 }, () => 'x'.repeat(200)) };
  expect(await client.workload.plan({ metadata: { name: 'long' }, spec })).toBeGreaterThan(40_000);
});

test('fails with the code, message, issues and parameters that the coordinator gave', async () => {
  await using coordinator = await startTinyCoordinator({
    scale: () => {
      throw new CloudlessError('invalid_input', 'The app could not be scaled.', {
        issues: [{ path: 'replicas', message: 'is too many' }],
        params: { most: 100 },
      });
    },
  });
  await using client = createClient({ url: coordinator.url });
  const failure = await failureOf(client.workload.scale({ workloadId: WORKLOAD, replicas: 1000 }));
  expect(failure).toMatchObject({
    code: 'invalid_input',
    message: 'The app could not be scaled.',
    issues: [{ path: 'replicas', message: 'is too many' }],
    params: { most: 100, errorId: 'err_1' },
  });
});

test('reads the refusal of a gateway before the API', async () => {
  const server = createServer((_request, response) => {
    response.writeHead(421, { 'content-type': 'application/problem+json' });
    response.end(JSON.stringify({ title: 'Unknown host name', status: 421, detail: 'No such name here.', code: 'host_unknown' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  await using client = createClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  expect(await failureOf(client.workload.list())).toMatchObject({ code: 'host_unknown', message: 'No such name here.' });
  server.close();
});

test('tells a call that never arrived from a change whose answer was lost', async () => {
  const server = createServer((request) => request.socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await using client = createClient({ url });
  expect((await failureOf(client.workload.scale({ workloadId: WORKLOAD, replicas: 1 }))).code).toBe('outcome_unknown');
  expect((await failureOf(client.workload.list())).code).toBe('coordinator_unreachable');
  server.close();
  await once(server, 'close');
  expect((await failureOf(client.workload.scale({ workloadId: WORKLOAD, replicas: 1 }))).code).toBe('coordinator_unreachable');
});

test('rejects with the reason of the caller who gave up', async () => {
  await using coordinator = await startTinyCoordinator({ list: () => new Promise(() => undefined) });
  await using client = createClient({ url: coordinator.url });
  const controller = new AbortController();
  const asked = client.workload.list({}, { signal: controller.signal });
  controller.abort(new Error('changed my mind'));
  await expect(asked).rejects.toThrow('changed my mind');
});

test('resumes a stream after its socket was cut, missing nothing and repeating nothing', async () => {
  await using coordinator = await startTinyCoordinator({ live: countFrom });
  await using client = createClient({ url: coordinator.url, token: 'cl_secret' });
  const listener = createListener();
  client.live.follow({}, listener.handlers);
  await listener.until('{"kind":"tick","at":2}#2');
  coordinator.cut();
  await listener.until('{"kind":"tick","at":4}#4');
  expect(listener.said).toEqual([
    'connecting',
    'live',
    '{"kind":"tick","at":1}#1',
    '{"kind":"tick","at":2}#2',
    'reconnecting',
    'live',
    '{"kind":"tick","at":3}#3',
    '{"kind":"tick","at":4}#4',
  ]);
  expect(coordinator.handshakes.map(({ headers }) => headers.authorization)).toEqual(['Bearer cl_secret', 'Bearer cl_secret']);
});

test('asks again for a stream that the coordinator ended, and for one it could not serve for now', async () => {
  let asked = 0;
  await using coordinator = await startTinyCoordinator({
    async *live(lastEventId, signal) {
      asked += 1;
      if (asked === 2) throw new CloudlessError('overloaded', 'Too much at once.');
      yield { id: String(asked), data: { kind: 'tick', after: lastEventId } };
      if (asked > 2) await untilAborted(signal);
    },
  });
  await using client = createClient({ url: coordinator.url });
  const listener = createListener();
  client.live.follow({}, listener.handlers);
  await listener.until('{"kind":"tick","after":"1"}#3');
  expect(listener.said.filter((line) => line.startsWith('error'))).toEqual([]);
});

test('ends a stream that would fail again, saying why once', async () => {
  await using coordinator = await startTinyCoordinator({
    async *live() {
      yield await Promise.reject<never>(new CloudlessError('forbidden', 'Your role may not read this.'));
    },
  });
  await using client = createClient({ url: coordinator.url });
  const listener = createListener();
  client.live.follow({}, listener.handlers);
  await listener.until('error forbidden');
  expect(listener.said.filter((line) => line.startsWith('error'))).toEqual(['error forbidden']);
});

test('ends a stream of a caller who is not signed in, though a refused socket does not say why', async () => {
  await using coordinator = await startTinyCoordinator({
    cluster: () => {
      throw new CloudlessError('unauthenticated', 'Sign in first.');
    },
  });
  await using client = createClient({ url: coordinator.url, token: 'cl_revoked' });
  const listener = createListener();
  client.live.follow({}, listener.handlers);
  await listener.until('error unauthenticated');
  expect(listener.said).toEqual(['connecting', 'error unauthenticated']);
});

test('gives elements without a cursor as they are', async () => {
  await using coordinator = await startTinyCoordinator({
    async *logs(signal) {
      yield { kind: 'lines', lines: [] };
      await untilAborted(signal);
    },
  });
  await using client = createClient({ url: coordinator.url });
  const listener = createListener();
  client.log.follow({ workloadId: WORKLOAD }, listener.handlers);
  await listener.until('{"kind":"lines","lines":[]}#');
});

test('calls no handler after a stream was closed, and stops it at the coordinator', async () => {
  const stopped = Promise.withResolvers<void>();
  await using coordinator = await startTinyCoordinator({
    async *live(_lastEventId, signal) {
      yield { id: '1', data: { kind: 'tick' } };
      await untilAborted(signal);
      stopped.resolve();
    },
  });
  await using client = createClient({ url: coordinator.url });
  const controller = new AbortController();
  const listener = createListener();
  client.live.follow({}, { ...listener.handlers, signal: controller.signal });
  await listener.until('{"kind":"tick"}#1');
  const before = [...listener.said];
  controller.abort();
  await stopped.promise;
  coordinator.cut();
  expect(listener.said).toEqual(before);
});

test('refuses an address that is none', () => {
  expect(() => createClient({ url: 'cloudless.local:7600' })).toThrow('not an http or https address');
});
