import { connect, createServer as createNetServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { createRealEntropy } from '@cloudless/kernel/node';
import type { BatchId } from '@cloudless/proto';
import { describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { deploy, findFreePort, listen, openGateway } from './testing/open-gateway.ts';
import { ask, sendRaw } from './testing/raw-request.ts';

type Opened = Awaited<ReturnType<typeof openGateway>>;

const untilListening = async (port: number): Promise<void> => {
  await expect.poll(() => sendRaw(port, 'GET / HTTP/1.0\r\n\r\n')).toMatch(/^HTTP/);
};

/** A connection to a port that opens by and by. */
async function connectTo(port: number): Promise<Socket> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    if (isOpen) return socket;
  }
}

/** An app with one replica per listener, each on a port of its own, behind the gateway. */
async function openApp(opened: Opened, names: readonly string[]) {
  const gatewayPort = await findFreePort();
  const { workload, allocations, node } = await deploy(opened.store, { replicas: names.length, gatewayPort });
  const replicas = await Promise.all(
    names.map((name) =>
      listen((request, response) => {
        response.setHeader('set-cookie', ['sid=1', 'cloudless.session_token=evil']);
        response.setHeader('strict-transport-security', 'max-age=9');
        let body = '';
        request.on('data', (chunk) => (body += String(chunk)));
        request.on('end', () =>
          response.end(JSON.stringify({ name, body, url: request.url, method: request.method, headers: request.headers })),
        );
      }),
    ),
  );
  allocations.forEach(({ id }, index) => opened.sessions.ports.set(id, replicas[index]?.port ?? 0));
  await untilListening(gatewayPort);
  return {
    url: `http://127.0.0.1:${gatewayPort}`,
    gatewayPort,
    workload,
    allocations,
    node,
    replicas,
    close: () => replicas.forEach(({ close }) => close()),
  };
}

describe("an app's port", () => {
  it('serves the app whole: path, query, body, headers', async () => {
    await using opened = await openGateway();
    const app = await openApp(opened, ['one']);
    const answer = await ask(`${app.url}/a/b?c=1`, { method: 'PUT', headers: { 'x-mine': 'yes', 'content-length': '5' }, body: 'hello' });
    expect(answer.json()).toMatchObject({
      name: 'one',
      body: 'hello',
      url: '/a/b?c=1',
      method: 'PUT',
      headers: { 'x-mine': 'yes', 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' },
    });
    app.close();
  });

  it('lets no cookie or token of the dashboard reach an app, nor the app set one', async () => {
    await using opened = await openGateway();
    const app = await openApp(opened, ['one']);
    const answer = await ask(app.url, {
      headers: { cookie: 'sid=1; cloudless.session_token=secret', authorization: 'Bearer cl_secret', 'x-forwarded-for': '6.6.6.6' },
    });
    const { headers } = answer.json() as { headers: Record<string, string> };
    expect(headers['cookie']).toBe('sid=1');
    expect(headers['authorization']).toBeUndefined();
    expect(headers['x-forwarded-for']).toBe('127.0.0.1');
    expect(answer.headers['set-cookie']).toEqual(['sid=1']);
    expect(answer.headers['strict-transport-security']).toBeUndefined();
    app.close();
  });

  it('takes its ready replicas in turn, and another when one does not answer', async () => {
    await using opened = await openGateway();
    const app = await openApp(opened, ['one', 'two']);
    const names = async (): Promise<string[]> => {
      const seen = [];
      for (let index = 0; index < 4; index += 1) seen.push(String((await ask(app.url)).json()['name']));
      return seen;
    };
    expect(new Set(await names())).toEqual(new Set(['one', 'two']));
    app.replicas[0]?.close();
    expect(new Set(await names())).toEqual(new Set(['two']));
    opened.sessions.ports.delete(app.allocations[0]?.id ?? '');
    expect(new Set(await names())).toEqual(new Set(['two']));
    app.close();
  });

  it('closes what was opened for a client that left meanwhile', async () => {
    const asked = Promise.withResolvers<void>();
    const opening = Promise.withResolvers<Duplex>();
    const openStream = (): Promise<Duplex> => {
      asked.resolve();
      return opening.promise;
    };
    await using opened = await openGateway({ sessions: { openStream } });
    const gatewayPort = await findFreePort();
    await deploy(opened.store, { replicas: 1, gatewayPort });
    const client = await connectTo(gatewayPort);
    client.write('GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n');
    await asked.promise;
    client.destroy();
    // Answered after the gateway heard of that end.
    await ask(`${opened.url}/healthz`);
    const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    const closed = new Promise((resolve) => void stream.once('close', () => resolve('closed')));
    opening.resolve(stream);
    expect(await closed).toBe('closed');
  });

  it('never repeats a request that may have counted', async () => {
    await using opened = await openGateway();
    const app = await openApp(opened, ['one', 'two']);
    let asked = 0;
    for (const { server } of app.replicas) {
      server.removeAllListeners('request');
      server.on('request', (request) => {
        asked += 1;
        request.socket.destroy();
      });
    }
    expect((await ask(app.url, { method: 'POST', headers: { 'content-length': '1' }, body: 'x' })).json()['code']).toBe('app_not_ready');
    expect(asked).toBe(1);
    app.close();
  });

  it('says why nothing serves', async () => {
    await using opened = await openGateway();
    const app = await openApp(opened, ['one']);
    opened.sessions.ports.clear();
    const page = await ask(app.url, { headers: { accept: 'text/html' } });
    expect(page.status).toBe(503);
    expect(page.text).toContain('The app has no ready replica');
    expect((await ask(app.url)).json()['detail']).toContain('did not answer');
    const row = opened.store.get('workload', app.workload.id);
    await opened.store.commit({
      id: createRealEntropy().id('batch') as BatchId,
      mutations: [
        { kind: 'put', table: 'workload', row: { ...app.workload, runState: 'stopped' }, expect: row?.version ?? 0 },
        ...app.allocations.map(
          ({ id }) => ({ kind: 'remove', table: 'allocation', id, expect: opened.store.get('allocation', id)?.version ?? 0 }) as const,
        ),
      ],
    });
    expect((await ask(app.url)).json()['detail']).toBe('Web is stopped.');
    app.close();
  });

  it('carries WebSockets', async () => {
    await using opened = await openGateway();
    const app = await openApp(opened, ['one']);
    const sockets = new WebSocketServer({ noServer: true });
    app.replicas[0]?.server.on('upgrade', (request, socket, head) =>
      sockets.handleUpgrade(request, socket, head, (accepted) =>
        accepted.on('message', (message) => accepted.send(`echo ${String(message)} ${request.headers.cookie ?? 'none'}`)),
      ),
    );
    const socket = new WebSocket(app.url.replace('http', 'ws'), { headers: { cookie: 'cloudless.session_token=secret' } });
    socket.once('open', () => socket.send('hi'));
    const [message] = await new Promise<unknown[]>((resolve) => socket.once('message', (...parts) => resolve(parts)));
    expect(String(message)).toBe('echo hi none');
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    for (const accepted of sockets.clients) accepted.terminate();
    await closed;
    app.close();
  });

  it('answers 421 to a host name that is not its own', async () => {
    await using opened = await openGateway();
    const app = await openApp(opened, ['one']);
    expect((await ask(app.url, { headers: { host: 'rebound.example' } })).status).toBe(421);
    app.close();
  });

  it('opens and closes as apps come and go', async () => {
    await using opened = await openGateway();
    const app = await openApp(opened, ['one']);
    const { store } = opened;
    await store.commit({
      id: createRealEntropy().id('batch') as BatchId,
      mutations: [
        ...app.allocations.map(
          ({ id }) => ({ kind: 'remove', table: 'allocation', id, expect: store.get('allocation', id)?.version ?? 0 }) as const,
        ),
        { kind: 'remove', table: 'workload', id: app.workload.id, expect: store.get('workload', app.workload.id)?.version ?? 0 },
      ],
    });
    await expect
      .poll(() =>
        ask(app.url).then(
          () => 'open',
          () => 'closed',
        ),
      )
      .toBe('closed');
    app.close();
  });

  it('that another program holds is named, and opened when it is free', async () => {
    await using opened = await openGateway();
    const holder = createNetServer();
    const gatewayPort = await findFreePort();
    await new Promise<void>((resolve) => holder.listen(gatewayPort, '127.0.0.1', resolve));
    await deploy(opened.store, { replicas: 1, gatewayPort });
    await expect.poll(() => opened.gateway.appPorts.problems().get(gatewayPort)).toContain('is taken by another program');
    await new Promise((resolve) => holder.close(resolve));
    await deploy(opened.store, { replicas: 1, gatewayPort: await findFreePort(), name: 'other' });
    await untilListening(gatewayPort);
    expect(opened.gateway.appPorts.problems().size).toBe(0);
  });
});
