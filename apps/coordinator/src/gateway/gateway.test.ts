import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createRealClock } from '@cloudless/kernel/node';
import { LINK_UPGRADE } from '@cloudless/transport/tls';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { MAIN_PORT_LIMITS } from './limits.ts';
import type { AgentSockets } from './main-routes.ts';
import { ADA, listen, openGateway } from './testing/open-gateway.ts';
import { ask, sendRaw } from './testing/raw-request.ts';

/** How a WebSocket ended: its first message, or the status that refused it. */
function openSocket(url: string, headers: Record<string, string> = {}) {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = new WebSocket(url, { headers });
  socket.once('message', (message) => resolve(String(message)));
  socket.once('unexpected-response', (_request, response) => resolve(String(response.statusCode)));
  socket.on('error', (error) => resolve(error.message));
  return { socket, first: promise };
}

describe('the port', () => {
  it('leads each path to its part', async () => {
    await using opened = await openGateway();
    for (const [path, name] of [
      ['/trpc/x', 'trpc'],
      ['/api/v1/nodes', 'rest'],
      ['/api/auth/get-session', 'auth'],
    ]) {
      expect((await ask(`${opened.url}${path}`)).json()['name']).toBe(name);
    }
    expect((await ask(`${opened.url}/healthz`)).json()).toEqual({ status: 'ok' });
  });

  it('says why it is not ready', async () => {
    await using opened = await openGateway({ notReady: () => ['the store is loading'] });
    const answer = await ask(`${opened.url}/readyz`);
    expect([answer.status, answer.json()['reasons']]).toEqual([503, ['the store is loading']]);
  });

  it('answers 421 to a host name that is not its own', async () => {
    await using opened = await openGateway();
    const answer = await ask(`${opened.url}/`, { headers: { host: 'rebound.example:7600' } });
    expect([answer.status, answer.json()['code']]).toEqual([421, 'host_unknown']);
  });

  it('refuses changing requests of foreign origins, and serves those of its own and of programs', async () => {
    await using opened = await openGateway();
    const post = (headers: Record<string, string>) =>
      ask(`${opened.url}/api/v1/workloads`, { method: 'POST', headers: { 'content-length': '2', ...headers }, body: '{}' });
    for (const origin of ['https://evil.example', 'null', opened.url.replace('http:', 'https:'), 'http://127.0.0.1:1'])
      expect((await post({ origin })).status).toBe(403);
    expect((await post({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await post({ origin: opened.url })).status).toBe(200);
    expect((await post({})).status).toBe(200);
  });

  it('drops what only a gateway may say, and says it itself', async () => {
    await using opened = await openGateway();
    const forged = {
      'x-forwarded-for': '6.6.6.6',
      'x-forwarded-proto': 'https',
      'x-middleware-subrequest': 'middleware',
      'content-security-policy': 'none',
      forwarded: 'for=6.6.6.6',
      'x-real-ip': '6.6.6.6',
    };
    const { headers } = (await ask(`${opened.url}/api/v1/me`, { headers: forged })).json() as { headers: Record<string, string> };
    expect(headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': `127.0.0.1:${opened.port}`,
    });
    expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(['x-middleware-subrequest']));
    for (const name of ['x-middleware-subrequest', 'content-security-policy', 'forwarded', 'x-real-ip'])
      expect(headers[name]).toBeUndefined();
  });

  it('sets security headers on every answer, HSTS only over TLS', async () => {
    await using opened = await openGateway();
    const { headers } = await ask(`${opened.url}/healthz`);
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'same-origin' });
    expect(headers['strict-transport-security']).toBeUndefined();
  });

  it('refuses bodies that are too large, or of unknown length', async () => {
    await using opened = await openGateway();
    const large = await ask(`${opened.url}/api/auth/sign-in/email`, {
      method: 'POST',
      headers: { 'content-length': String(65 * 1024) },
      body: 'x'.repeat(65 * 1024),
    });
    expect([large.status, large.json()['code']]).toEqual([413, 'too_large']);
    // Far more than sockets hold: it is read to its end, and its sender hears why it was in vain.
    const answer = await fetch(`${opened.url}/api/auth/sign-in/email`, { method: 'POST', body: 'x'.repeat(32 * 2 ** 20) });
    expect(answer.status).toBe(413);
    const chunked = await sendRaw(
      opened.port,
      `POST /trpc/x HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n`,
    );
    expect(chunked).toMatch(/^HTTP\/1.1 411 /);
  });

  it.each([
    ['a header block without an end', `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`, /^HTTP\/1.1 431 /],
    ['what is not HTTP', 'hello there\r\n\r\n', /^HTTP\/1.1 400 /],
    ['no Host', 'GET / HTTP/1.1\r\nconnection: close\r\n\r\n', /^HTTP\/1.1 400 /],
    ['a proxy target', 'GET http://evil.example/ HTTP/1.1\r\nhost: localhost\r\n\r\n', /^HTTP\/1.1 400 /],
    [
      'two lengths',
      'POST /trpc/x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      /^HTTP\/1.1 400 /,
    ],
    ['a TLS handshake where none is spoken', '\u0016\u0003\u0001', /^$/],
  ])('closes on %s', async (_what, bytes, said) => {
    await using opened = await openGateway();
    expect(await sendRaw(opened.port, bytes)).toMatch(said);
  });

  it('closes connections that say nothing, and those that say it slowly', async () => {
    const main = { ...MAIN_PORT_LIMITS, firstByteMs: 60, headersMs: 120, checkMs: 30, drainMs: 50 };
    await using opened = await openGateway({ mainLimits: main });
    expect(await sendRaw(opened.port, '')).toBe('');
    expect(await sendRaw(opened.port, 'GET / HTTP/1.1\r\nhost: local')).toMatch(/^HTTP\/1.1 408 /);
  });

  it('takes no more connections than its limit', async () => {
    await using opened = await openGateway({ mainLimits: { maxConnections: 1 } });
    const held = connect(opened.port, '127.0.0.1');
    await new Promise((resolve) => held.once('connect', resolve));
    expect(await sendRaw(opened.port, 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n')).toBe('');
    held.destroy();
  });

  it('names a port that is taken', async () => {
    const taken = await listen(() => undefined);
    await expect(openGateway({ mainPort: taken.port })).rejects.toMatchObject({
      code: 'port_taken',
      message: expect.stringContaining(String(taken.port)) as string,
    });
    taken.close();
  });

  it('opens metrics to this machine, and through the public name only to callers', async () => {
    await using opened = await openGateway({ publicUrl: new URL('https://home.example.org') });
    expect((await ask(`${opened.url}/metrics`)).text).toContain('cloudless_up 1');
    expect((await ask(`${opened.url}/metrics`, { headers: { host: 'home.example.org' } })).status).toBe(401);
  });
});

describe('WebSockets of the API', () => {
  it('open for callers from this origin', async () => {
    await using opened = await openGateway({ caller: () => ADA });
    const url = `${opened.url.replace('http', 'ws')}/trpc`;
    const good = openSocket(url, { origin: opened.url });
    expect(await good.first).toBe('hello');
    expect(await openSocket(url, { origin: 'https://evil.example' }).first).toBe('403');
    expect(await openSocket(url, { host: 'rebound.example' }).first).toBe('421');
    expect(await openSocket(`${opened.url.replace('http', 'ws')}/elsewhere`, { origin: opened.url }).first).toBe('404');
    good.socket.terminate();
  });

  it('are refused to nobody', async () => {
    await using opened = await openGateway();
    expect(await openSocket(`${opened.url.replace('http', 'ws')}/trpc`).first).toBe('401');
  });

  it('close when their caller lost the right to them', async () => {
    let caller: typeof ADA | undefined = ADA;
    await using opened = await openGateway({ caller: () => caller });
    const { socket, first } = openSocket(`${opened.url.replace('http', 'ws')}/trpc`);
    await first;
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    opened.revoke();
    caller = undefined;
    opened.revoke();
    expect(await closed).toBe(4401);
  });
});

describe('a WebSocket whose session runs out without a word', () => {
  it('closes within a minute', async () => {
    const timers = new Map<number, () => void>();
    const real = createRealClock();
    // The minute is the test's; whatever is shorter is the machine's.
    const clock = {
      ...real,
      setTimer: (delayMs: number, fire: () => void) => {
        if (delayMs !== 60_000) return real.setTimer(delayMs, fire);
        timers.set(delayMs, fire);
        return { cancel: () => void timers.delete(delayMs) };
      },
    };
    let caller: typeof ADA | undefined = ADA;
    await using opened = await openGateway({ caller: () => caller, clock });
    const { socket, first } = openSocket(`${opened.url.replace('http', 'ws')}/trpc`);
    await first;
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    caller = undefined;
    timers.get(60_000)?.();
    expect(await closed).toBe(4401);
  });
});

describe('agents', () => {
  it.each([LINK_UPGRADE, 'websocket'])('are let in to upgrade to %s under any host name, but never a browser', async (protocol) => {
    await using opened = await openGateway();
    const upgrade = (headers: string) =>
      sendRaw(opened.port, `GET /agent HTTP/1.1\r\nconnection: upgrade\r\nupgrade: ${protocol}\r\n${headers}\r\n\r\n`);
    expect(await upgrade('host: renamed.machine')).toMatch(/^HTTP\/1.1 101 /);
    expect(await upgrade('host: localhost\r\norigin: https://evil.example')).toMatch(/^HTTP\/1.1 403 /);
    expect(opened.agents).toEqual(['127.0.0.1']);
  });

  it('keep their connection, which no limit on requests ends once it is upgraded', async () => {
    const mainLimits = { firstByteMs: 60, headersMs: 120, requestMs: 120, keepAliveMs: 60, checkMs: 30 };
    const agents: AgentSockets = {
      acceptUpgrade({ socket }) {
        socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
        socket.pipe(socket);
      },
    };
    await using opened = await openGateway({ mainLimits, agents });
    const agent = connect(opened.port, '127.0.0.1');
    agent.write(`GET /agent HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: ${LINK_UPGRADE}\r\n\r\n`);
    expect(String((await once(agent, 'data'))[0])).toMatch(/^HTTP\/1.1 101 /);
    // One that began later met its limit.
    expect(await sendRaw(opened.port, 'GET / HTTP/1.1\r\nhost: local')).toMatch(/^HTTP\/1.1 408 /);
    agent.write('beat');
    expect(String((await once(agent, 'data'))[0])).toBe('beat');
    agent.destroy();
  });
});

describe('the dashboard', () => {
  it('gets the nonce in the policy of the request, and the browser the same policy', async () => {
    const web = await listen((request, response) => {
      response.setHeader('content-security-policy', 'weaker');
      response.end(String(request.headers['content-security-policy']));
    });
    await using opened = await openGateway({ webUrl: web.url });
    const one = await ask(`${opened.url}/`);
    expect(one.text).toMatch(/script-src 'self' 'nonce-[A-Za-z0-9+/]{24}' 'strict-dynamic'/);
    expect(one.headers['content-security-policy']).toBe(one.text);
    expect(one.text).toContain(`connect-src 'self' ws://127.0.0.1:${opened.port}`);
    expect((await ask(`${opened.url}/`)).text).not.toBe(one.text);
    web.close();
  });

  it('that is away is named on a page of the gateway, and the API goes on', async () => {
    const web = await listen(() => undefined);
    web.close();
    await using opened = await openGateway({ webUrl: web.url });
    const page = await ask(`${opened.url}/devices`, { headers: { accept: 'text/html' } });
    expect(page.status).toBe(503);
    expect(page.text).toContain('The dashboard does not answer');
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect((await ask(`${opened.url}/x`, { headers: { accept: 'application/json' } })).json()['code']).toBe('web_unavailable');
    expect((await ask(`${opened.url}/api/v1/me`)).status).toBe(200);
  });

  it('that closes a kept connection just when a request takes it is asked again, once, unless the request may count twice', async () => {
    const seen = new Map<Socket, number>();
    const web = await listen((request, response) => {
      const count = (seen.get(request.socket) ?? 0) + 1;
      seen.set(request.socket, count);
      if (count > 1 || request.url === '/never') request.socket.destroy();
      else response.end('here');
    });
    await using opened = await openGateway({ webUrl: web.url });
    expect((await ask(`${opened.url}/one`)).text).toBe('here');
    expect((await ask(`${opened.url}/two`)).text).toBe('here');
    expect([...seen.values()]).toEqual([2, 1]);
    expect((await ask(`${opened.url}/three`)).text).toBe('here');
    expect((await ask(`${opened.url}/four`, { method: 'POST' })).status).toBe(503);
    expect((await ask(`${opened.url}/never`)).status).toBe(503);
    web.close();
  });
});
