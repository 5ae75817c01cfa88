import { createServer, type AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import { ok } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { createManualClock } from '@cloudless/kernel/testing';
import { LINK_PROTOCOL } from '@cloudless/proto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { describeLinkContract } from '../contract/link-contract.ts';
import { startTcpProxy } from '../testing/tcp-proxy.ts';
import { bothWays } from '../testing/weather.ts';
import { createPair, startEndpoint } from '../testing/tls-pair.ts';
import { startWebSocketProxy } from '../testing/websocket-proxy.ts';
import { INSPECTOR_IDENTITY } from '../testing/inspector-identity.ts';
import { THROWAWAY_IDENTITY } from '../testing/throwaway-identity.ts';
import { FRAME, parseJsonPayload } from '../frame-channel.ts';
import { LINK_UPGRADE } from './carrier.ts';
import { dialCarrier } from './dial-carrier.ts';
import { createDuplexChannel } from './duplex-channel.ts';
import { dialCoordinator } from './index.ts';
import { createInnerContext, lazyInnerContext } from './inner-tls.ts';
import { openInnerTls } from './open-inner-tls.ts';
import { preambleFrame } from './preamble.ts';

const clock = createRealClock();
const entropy = createRealEntropy();

describeLinkContract('on the connection', () => createPair({}));
describeLinkContract('on the connection, the bulk path later', () => createPair({ later: true }));
describeLinkContract('inside TLS of a certificate that nobody trusts', () => createPair({ tls: true }));
describeLinkContract('inside TLS through an HTTP proxy', () => createPair({ tls: true, proxy: true }));
describeLinkContract('through an HTTP proxy', () => createPair({ proxy: true }));
describeLinkContract('through what passes only WebSockets', () => createPair({ carrier: 'websocket', startFront: startWebSocketProxy }));
describeLinkContract('through what passes only WebSockets, the bulk path later', () =>
  createPair({ carrier: 'websocket', later: true, startFront: startWebSocketProxy }),
);
describeLinkContract('through what passes only WebSockets, inside TLS', () =>
  createPair({ carrier: 'websocket', startFront: (upstreamPort) => startWebSocketProxy(upstreamPort, THROWAWAY_IDENTITY) }),
);

/** One path, opened by hand. */
const dialTo = (url: string) => ({
  url,
  judgeCoordinator: ok,
  signal: new AbortController().signal,
  clock,
  maxFrameBytes: 65_536,
});

describe('the endpoint', () => {
  it.each(['connection', 'websocket'] as const)('lets a %s go that says nothing for 10 s', async (carrier) => {
    const manual = createManualClock();
    const { url, clients, stop } = await startEndpoint(manual);
    await new Promise<unknown>((opened, failed) =>
      dialCarrier(carrier, { url, clock }, { opened, failed, unknown: () => failed(new Error('not let in')) }),
    );
    const closed = Array.from(clients, (socket) => new Promise<void>((resolve) => void socket.once('close', () => resolve())));
    await manual.advance(10_000);
    expect(await Promise.all(closed)).toHaveLength(1);
    stop();
  });

  it('serves so many at once, and asks the others before any handshake to come back, each at its own time', async () => {
    const endpoint = await startEndpoint(clock, false, { atOnce: 1, queueLimit: 0 });
    const silent = new WebSocket(endpoint.url, { perMessageDeflate: false });
    await new Promise((resolve) => silent.once('open', resolve));
    const dial = () => dialCoordinator({ entropy, url: endpoint.url, identity: THROWAWAY_IDENTITY, judgeCoordinator: ok, clock });
    const refused = await dial().catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'DialFailed', code: 'overloaded', retry: true });
    expect((refused as { retryAfterMs: number }).retryAfterMs).toBeGreaterThanOrEqual(1000);
    expect(endpoint.shown).toEqual([]);
    const gone = Array.from(endpoint.clients, (socket) => new Promise<void>((resolve) => void socket.once('close', () => resolve())));
    silent.close();
    await Promise.all(gone);
    // One place is enough for both paths: a control path gives it up before the other comes.
    const agent = await dial();
    await (await endpoint.linked).bringBulk();
    agent.close({ code: 'closed', message: 'done', retry: false });
    endpoint.stop();
  });

  it('holds a bounded queue for a device that does not read, and can let it go', async () => {
    await using pair = await createPair({});
    pair.stall();
    const message = { kind: 'refused', code: 'x', message: 'y'.repeat(2000), retry: true } as const;
    let sent = 0;
    while (pair.coordinator.send(message)) sent += 1;
    expect(sent).toBeGreaterThan(1000);
    expect(pair.coordinator.queuedBytes).toBeLessThan(9 * 2 ** 20);
    pair.coordinator.close({ code: 'overloaded', message: 'the device took nothing', retry: true });
    expect(await pair.coordinator.closed).toMatchObject({ code: 'overloaded', by: 'self' });
    expect(pair.coordinator.send(message)).toBe(false);
  });

  it('lets both paths of a link go when the other end does not read why it was closed', async () => {
    const manual = createManualClock();
    const endpoint = await startEndpoint(manual);
    await using relay = await startTcpProxy({ clock, entropy, target: { port: endpoint.port } });
    const url = `ws://127.0.0.1:${relay.port}/agent`;
    await dialCoordinator({ entropy, url, identity: THROWAWAY_IDENTITY, judgeCoordinator: ok, clock });
    const link = await endpoint.linked;
    await link.bringBulk();
    relay.turn(bothWays({ isBlocked: true }));
    link.close({ code: 'closed', message: 'stopping', retry: true });
    const gone = Array.from(endpoint.clients, (socket) => new Promise<void>((resolve) => void socket.once('close', () => resolve())));
    expect(gone).toHaveLength(2);
    await manual.advance(1000);
    await Promise.all(gone);
    endpoint.stop();
  });

  it('lets the second path go when the first was lost, although the other end of it says nothing any more', async () => {
    const manual = createManualClock();
    const endpoint = await startEndpoint(manual);
    await using relay = await startTcpProxy({ clock, entropy, target: { port: endpoint.port } });
    const context = lazyInnerContext(THROWAWAY_IDENTITY);
    const control = await openInnerTls({ ...dialTo(endpoint.url), context, preamble: { kind: 'control', protocol: LINK_PROTOCOL } });
    if (control.answer.kind !== 'opened') throw new Error(control.answer.kind);
    await openInnerTls({
      ...dialTo(`ws://127.0.0.1:${relay.port}/agent`),
      context,
      preamble: { kind: 'bulk', protocol: LINK_PROTOCOL, session: control.answer.session },
    });
    const link = await endpoint.linked;
    relay.turn(bothWays({ isBlocked: true }));
    control.channel.destroy();
    expect(await link.closed).toMatchObject({ code: 'path_lost', by: 'network' });
    const gone = Array.from(endpoint.clients, (socket) => new Promise<void>((resolve) => void socket.once('close', () => resolve())));
    await manual.advance(1000);
    await Promise.all(gone);
    endpoint.stop();
  });

  it('has told why when the sockets are destroyed right after the close', async () => {
    const endpoint = await startEndpoint();
    const agent = await dialCoordinator({ entropy, url: endpoint.url, identity: THROWAWAY_IDENTITY, judgeCoordinator: ok, clock });
    const link = await endpoint.linked;
    link.close({ code: 'closed', message: 'the coordinator stops', retry: true });
    endpoint.stop();
    expect(await agent.closed).toMatchObject({ code: 'closed', by: 'peer', message: 'the coordinator stops' });
  });

  it('asks who is there once for both paths of one certificate, and refuses a session to none', async () => {
    const endpoint = await startEndpoint();
    const dial = dialTo(endpoint.url);
    const { answer, channel } = await openInnerTls({ ...dial, preamble: { kind: 'control', protocol: LINK_PROTOCOL } });
    expect(answer).toMatchObject({ kind: 'refused', code: 'certificate_refused', retry: false });
    channel.destroy();
    const agent = await dialCoordinator({ entropy, url: endpoint.url, identity: THROWAWAY_IDENTITY, judgeCoordinator: ok, clock });
    await (await endpoint.linked).bringBulk();
    expect(endpoint.shown).toEqual([0, 1]);
    agent.close({ code: 'closed', message: 'done', retry: false });
    endpoint.stop();
  });

  it('asks who shows another certificate on the bulk path than on the control path', async () => {
    const endpoint = await startEndpoint();
    const dial = dialTo(endpoint.url);
    const preamble = { kind: 'control', protocol: LINK_PROTOCOL } as const;
    const control = await openInnerTls({ ...dial, preamble, context: lazyInnerContext(THROWAWAY_IDENTITY) });
    if (control.answer.kind !== 'opened') throw new Error(control.answer.kind);
    const bulk = { kind: 'bulk', protocol: LINK_PROTOCOL, session: control.answer.session } as const;
    const { channel } = await openInnerTls({ ...dial, preamble: bulk, context: lazyInnerContext(INSPECTOR_IDENTITY) });
    // The other one sends its authority too.
    expect(endpoint.shown).toEqual([1, 2]);
    channel.destroy();
    control.channel.destroy();
    endpoint.stop();
  });

  it('refuses a protocol that it does not speak, with what to do', async () => {
    const { url, stop } = await startEndpoint();
    const { answer, channel } = await openInnerTls({
      ...dialTo(url),
      context: lazyInnerContext(THROWAWAY_IDENTITY),
      preamble: { kind: 'control', protocol: 99 },
    });
    expect(answer).toMatchObject({ kind: 'refused', code: 'protocol_mismatch', message: expect.stringContaining('update') as string });
    channel.destroy();
    stop();
  });

  it('binds a bulk path only by the secret of its session', async () => {
    const { url, stop } = await startEndpoint();
    const { answer, channel } = await openInnerTls({
      ...dialTo(url),
      context: lazyInnerContext(THROWAWAY_IDENTITY),
      preamble: { kind: 'bulk', protocol: LINK_PROTOCOL, session: 'guess' },
    });
    expect(answer).toMatchObject({ kind: 'refused', code: 'refused' });
    channel.destroy();
    stop();
  });

  it('asks for bulk paths in turn, and for one that streams wait for at once', async () => {
    const endpoint = await startEndpoint(clock, false, { quietBelow: 0 });
    onTestFinished(endpoint.stop);
    const agent = await dialCoordinator({ entropy, url: endpoint.url, identity: THROWAWAY_IDENTITY, judgeCoordinator: ok, clock });
    agent.onStream((incoming) => void incoming.accept());
    const link = await endpoint.linked;
    const bringing = link.bringBulk();
    await agent.probe('control');
    expect(endpoint.clients.size).toBe(1);
    await link.openStream({ kind: 'file', file: { name: 'agent', sha256: 'a'.repeat(64) } });
    await bringing;
    expect(endpoint.clients.size).toBe(2);
    agent.close({ code: 'closed', message: 'done', retry: false });
  });

  it('takes an agent of the release before, which says nothing before both paths stand', async () => {
    const endpoint = await startEndpoint();
    onTestFinished(endpoint.stop);
    const dial = { ...dialTo(endpoint.url), context: lazyInnerContext(THROWAWAY_IDENTITY) };
    const control = await openInnerTls({ ...dial, preamble: { kind: 'control', protocol: LINK_PROTOCOL } });
    if (control.answer.kind !== 'opened') throw new Error(control.answer.kind);
    expect(control.answer.bulk).toBeUndefined();
    await openInnerTls({ ...dial, preamble: { kind: 'bulk', protocol: LINK_PROTOCOL, session: control.answer.session } });
    expect((await endpoint.linked).stands('bulk')).toBe(true);
    control.channel.destroy();
  });

  it('answers that something broke here, and not what', async () => {
    const { url, stop } = await startEndpoint();
    const dial = { url, judgeCoordinator: ok, signal: new AbortController().signal, clock, maxFrameBytes: 65_536 };
    const { answer, channel } = await openInnerTls({
      ...dial,
      preamble: { kind: 'join', protocol: LINK_PROTOCOL, token: 'x', csr: 'y', name: 'z' },
    });
    expect(answer).toMatchObject({ kind: 'refused', code: 'internal', retry: true });
    expect(JSON.stringify(answer)).not.toContain('disk');
    channel.destroy();
    stop();
  });
});

describe('dialling', () => {
  it('fails with the address in the message when nobody listens', async () => {
    const dialling = dialCoordinator({ entropy, url: 'ws://127.0.0.1:1/agent', identity: THROWAWAY_IDENTITY, judgeCoordinator: ok, clock });
    await expect(dialling).rejects.toMatchObject({
      name: 'DialFailed',
      code: 'path_lost',
      retry: true,
      message: expect.stringContaining('ws://127.0.0.1:1/agent') as string,
    });
  });

  it('gives up after 15 s on what takes the connection and says nothing', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const manual = createManualClock();
    const url = `ws://127.0.0.1:${(silent.address() as AddressInfo).port}/agent`;
    const failed = dialCoordinator({ entropy, url, identity: THROWAWAY_IDENTITY, judgeCoordinator: ok, clock: manual }).catch(
      (error: unknown) => error,
    );
    await manual.advance(15_000);
    expect(await failed).toMatchObject({ name: 'DialFailed', code: 'timeout', retry: true });
    silent.close();
  });

  it('gives up sooner on what opens no WebSocket when it is told to, and lets one that opened have its time', async () => {
    const manual = createManualClock();
    const silent = createServer((socket) => socket.once('data', () => void manual.advance(4000)).on('error', () => undefined));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const url = `ws://127.0.0.1:${(silent.address() as AddressInfo).port}/agent`;
    const dial = { identity: THROWAWAY_IDENTITY, judgeCoordinator: ok, openWithinMs: 4000 };
    const failed = await dialCoordinator({ entropy, ...dial, url, clock: manual }).catch((error: unknown) => error);
    expect(failed).toMatchObject({ name: 'DialFailed', code: 'timeout', hop: 'http', isSilent: true, retry: true });
    silent.close();

    const later = createManualClock();
    const endpoint = await startEndpoint();
    const link = await dialCoordinator({
      entropy,
      ...dial,
      url: endpoint.url,
      clock: later,
      judgeCoordinator(chain) {
        void later.advance(4000);
        return ok(chain);
      },
    });
    link.close({ code: 'closed', message: 'done', retry: false });
    endpoint.stop();
  });

  it('brings the bulk path again when it failed, and the link goes on meanwhile', async () => {
    const manual = createManualClock();
    const endpoint = await startEndpoint();
    onTestFinished(endpoint.stop);
    const failed = Promise.withResolvers<unknown>();
    const agent = await dialCoordinator({
      entropy,
      url: endpoint.url,
      identity: THROWAWAY_IDENTITY,
      judgeCoordinator: ok,
      clock: manual,
      onBulkFailed: failed.resolve,
    });
    const [accept] = endpoint.http.listeners('upgrade') as ((...of: unknown[]) => void)[];
    endpoint.http.removeAllListeners('upgrade').once('upgrade', (_request, socket) => socket.end('HTTP/1.1 502 So\r\n\r\n'));
    const link = await endpoint.linked;
    const bringing = link.bringBulk();
    expect(await failed.promise).toMatchObject({ name: 'DialFailed', hop: 'http' });
    endpoint.http.on('upgrade', (...of) => accept?.(...of));
    await agent.probe('control');
    expect(agent.stands('bulk')).toBe(false);
    await manual.advance(1000);
    await bringing;
    await agent.probe('bulk');
    agent.close({ code: 'closed', message: 'done', retry: false });
  });

  /** A coordinator that answers this to its control path, and lets any bulk path in. */
  async function startStub(...opened: readonly Uint8Array[]) {
    const said: string[] = [];
    const secureContext = createInnerContext(THROWAWAY_IDENTITY);
    const server = createServer((socket) =>
      socket
        .on('error', () => undefined)
        .once('data', () => {
          socket.write(`HTTP/1.1 101 So\r\nconnection: Upgrade\r\nupgrade: ${LINK_UPGRADE}\r\n\r\n`);
          const inner = new TLSSocket(socket, { isServer: true, secureContext, requestCert: true, rejectUnauthorized: false });
          const channel = createDuplexChannel(inner, 65_536);
          channel.receive({
            frame(frame) {
              const { kind } = parseJsonPayload(frame.subarray(1)) as { readonly kind: string };
              said.push(kind);
              for (const answer of kind === 'control' ? opened : [preambleFrame({ kind: 'attached' })]) channel.write(answer);
            },
            closed: () => undefined,
          });
        }),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return { said, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/agent` };
  }

  it('brings both paths before it speaks to a coordinator of the release before', async () => {
    const { said, url } = await startStub(preambleFrame({ kind: 'opened', session: 's' }));
    const agent = await dialCoordinator({ entropy, url, identity: THROWAWAY_IDENTITY, judgeCoordinator: ok, clock });
    expect([agent.stands('bulk'), ...said]).toEqual([true, 'control', 'bulk']);
    agent.close({ code: 'closed', message: 'done', retry: false });
  });

  it('brings the bulk path also when it is asked for together with the answer', async () => {
    const { url } = await startStub(preambleFrame({ kind: 'opened', session: 's', bulk: 'later' }), Uint8Array.of(FRAME.wantBulk));
    const agent = await dialCoordinator({ entropy, url, identity: THROWAWAY_IDENTITY, judgeCoordinator: ok, clock });
    await agent.bringBulk();
    expect(agent.stands('bulk')).toBe(true);
    agent.close({ code: 'closed', message: 'done', retry: false });
  });

  it('sends nothing to a coordinator that the judge refuses', async () => {
    const { url, stop } = await startEndpoint();
    const dialling = dialCoordinator({
      entropy,
      url,
      identity: THROWAWAY_IDENTITY,
      judgeCoordinator: () => ({ ok: false, error: 'it is another cluster' }),
      clock,
    });
    await expect(dialling).rejects.toMatchObject({
      code: 'certificate_refused',
      message: expect.stringContaining('another cluster') as string,
    });
    stop();
  });

  it('ends when its signal aborts', async () => {
    const { url, stop } = await startEndpoint();
    const giveUp = AbortSignal.abort(new Error('stopping'));
    await expect(
      dialCoordinator({ entropy, url, identity: THROWAWAY_IDENTITY, judgeCoordinator: ok, clock, signal: giveUp }),
    ).rejects.toThrow('stopping');
    stop();
  });
});
