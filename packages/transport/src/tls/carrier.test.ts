import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect as connectTcp, type AddressInfo, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { err, ok } from '@cloudless/kernel';
import { createRealClock } from '@cloudless/kernel/node';
import { createManualClock } from '@cloudless/kernel/testing';
import { LINK_PROTOCOL } from '@cloudless/proto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { THROWAWAY_IDENTITY } from '../testing/throwaway-identity.ts';
import { startEndpoint } from '../testing/tls-pair.ts';
import { LINK_UPGRADE } from './carrier.ts';
import { createCarrierMemory } from './carrier-memory.ts';
import { lazyInnerContext, type JudgePeer } from './inner-tls.ts';
import { openInnerTls, type InnerDial } from './open-inner-tls.ts';

const clock = createRealClock();
const ASK = `GET /agent HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: ${LINK_UPGRADE}\r\n\r\n`;

/** One path; closed when the test is over. */
async function open(
  url: string,
  {
    judge = ok,
    ...options
  }: Partial<Pick<InnerDial, 'clock' | 'carrier' | 'openWithinMs' | 'carriers' | 'context'>> & { readonly judge?: JudgePeer } = {},
) {
  const opened = await openInnerTls({
    url,
    clock,
    context: lazyInnerContext(THROWAWAY_IDENTITY),
    ...options,
    judgeCoordinator: judge,
    signal: new AbortController().signal,
    maxFrameBytes: 65_536,
    preamble: { kind: 'control', protocol: LINK_PROTOCOL },
  });
  onTestFinished(() => opened.channel.destroy());
  return opened;
}
const failureAt = (...to: Parameters<typeof open>): Promise<unknown> => open(...to).catch((cause: unknown) => cause);

/** An endpoint whose front answers what asks for the connection itself; it lets WebSockets pass. @returns how many asked */
async function startBehind(answer: (socket: Duplex) => void) {
  const endpoint = await startEndpoint();
  const { http } = endpoint as { readonly http: Server };
  const [accept] = http.listeners('upgrade') as ((...of: unknown[]) => void)[];
  const asked: string[] = [];
  http.removeAllListeners('upgrade').on('upgrade', (request, socket, head) => {
    asked.push(request.headers.upgrade ?? '');
    if (request.headers.upgrade === LINK_UPGRADE) answer(socket);
    else accept?.(request, socket, head);
  });
  onTestFinished(endpoint.stop);
  return { url: endpoint.url, asked };
}
const status = (line: string) => (socket: Duplex) => void socket.end(`HTTP/1.1 ${line}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);

describe('a device', () => {
  it.each<[string, (socket: Duplex) => void]>([
    ['refuses what it cannot read', status('400 Bad Request')],
    ['forbids it', status('403 Forbidden')],
    ['knows no such path', status('404 Not Found')],
    ['wants another upgrade', status('426 Upgrade Required')],
    ['takes it for a request', status('200 OK')],
    ['implements nothing of it', status('501 Not Implemented')],
    ['upgrades to something else', (socket) => void socket.write('HTTP/1.1 101 X\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n')],
    ['hangs up', (socket) => void socket.end()],
    ['breaks off', (socket) => void (socket as Socket).resetAndDestroy()],
    ['speaks no HTTP', (socket) => void socket.end('SSH-2.0-OpenSSH_9.2\r\n')],
    [
      'is a coordinator of the release before',
      (socket) => {
        const request = { method: 'GET', headers: { upgrade: LINK_UPGRADE } };
        new WebSocketServer({ noServer: true }).handleUpgrade(request as never, socket, Buffer.alloc(0), () => undefined);
      },
    ],
  ])('gets through in a WebSocket where what answers %s', async (_what, answer) => {
    const { url, asked } = await startBehind(answer);
    expect(await open(url)).toMatchObject({ carrier: 'websocket', answer: { kind: 'opened' } });
    expect(asked).toEqual([LINK_UPGRADE, 'websocket']);
  });

  it('gets through in a WebSocket where what takes its request says nothing for 5 s', async () => {
    const manual = createManualClock();
    const { url } = await startBehind(() => void manual.advance(5000));
    expect(await open(url, { clock: manual })).toMatchObject({ carrier: 'websocket' });
  });

  it('waits for that once: other dials of it begin with a WebSocket, for an hour, or until one fails', async () => {
    const manual = createManualClock();
    const carriers = createCarrierMemory(manual);
    const { url, asked } = await startBehind(() => void manual.advance(5000));
    const dial = { clock: manual, carriers };
    await open(url, dial);
    expect(await open(url, dial)).toMatchObject({ carrier: 'websocket' });
    expect(asked).toEqual([LINK_UPGRADE, 'websocket', 'websocket']);
    await manual.advance(3_600_000);
    await open(url, dial);
    expect(asked.slice(3)).toEqual([LINK_UPGRADE, 'websocket']);
    await open(url, { ...dial, judge: () => err('it is another cluster') }).catch(() => undefined);
    await open(url, dial);
    expect(asked.slice(5)).toEqual(['websocket', LINK_UPGRADE, 'websocket']);
  });

  it('remembers nothing of what answers at once', async () => {
    const carriers = createCarrierMemory(clock);
    const { url, asked } = await startBehind(status('426 Upgrade Required'));
    await open(url, { carriers });
    await open(url, { carriers });
    expect(asked).toEqual([LINK_UPGRADE, 'websocket', LINK_UPGRADE, 'websocket']);
  });

  it('fails with what to do when what it holds of its own is damaged', async () => {
    const { url } = await startBehind(() => undefined);
    const context = lazyInnerContext({ certificate: '-----BEGIN CERTIFICATE-----\nrubbish\n', key: 'rubbish' });
    expect(await failureAt(url, { carrier: 'websocket', context })).toMatchObject({
      name: 'DialFailed',
      code: 'malformed',
      retry: false,
      message: expect.stringContaining('own certificate or key cannot be read') as string,
    });
  });

  it('leaves such a door for its other addresses before that', async () => {
    const manual = createManualClock();
    const { url, asked } = await startBehind(() => void manual.advance(4000));
    expect(await failureAt(url, { clock: manual, openWithinMs: 4000 })).toMatchObject({ code: 'timeout', isSilent: true });
    expect(asked).toEqual([LINK_UPGRADE]);
  });

  it.each([407, 502, 503, 504, 511])('asks once where the answer %i is about the way', async (code) => {
    const { url, asked } = await startBehind(status(`${code} So`));
    expect(await failureAt(url)).toMatchObject({ name: 'DialFailed', hop: code === 511 ? 'portal' : 'http', retry: true });
    expect(asked).toEqual([LINK_UPGRADE]);
  });

  it('says the hop of the WebSocket where neither gets through', async () => {
    const server = createServer((_request, response) => response.writeHead(404).end());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void server.close());
    const failed = await failureAt(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/agent`);
    expect(failed).toMatchObject({ hop: 'http', message: expect.stringContaining('answered 404') as string });
  });
});

describe('the door', () => {
  /** One place, which is taken. */
  async function startFull(queueLimit: number, endpointClock = clock) {
    const endpoint = await startEndpoint(endpointClock, false, { atOnce: 1, queueLimit });
    onTestFinished(endpoint.stop);
    const silent = connectTcp(endpoint.port, '127.0.0.1').on('error', () => undefined);
    silent.write(ASK);
    expect(String((await once(silent, 'data'))[0])).toMatch(/^HTTP\/1.1 101 /);
    return { ...endpoint, silent };
  }

  it.each(['connection', 'websocket'] as const)('asks a %s beyond those that wait to come back, to the millisecond', async (carrier) => {
    const { url } = await startFull(0);
    const waits = new Set<number>();
    for (let tries = 0; tries < 3; tries += 1) {
      const failed = (await failureAt(url, { carrier })) as { readonly retryAfterMs: number };
      expect(failed).toMatchObject({ name: 'DialFailed', code: 'overloaded', retry: true });
      expect(failed.retryAfterMs).toBeGreaterThanOrEqual(1000);
      waits.add(failed.retryAfterMs % 1000);
    }
    expect(waits.size).toBeGreaterThan(1);
  });

  it('answers a connection when its turn has come, and one that waited for 3 s that it has not', async () => {
    const manual = createManualClock();
    const { url, silent, shown } = await startFull(1, manual);
    const waiting = open(url);
    // The one before it has asked, and is refused: so this one stands in the queue.
    expect(await failureAt(url)).toMatchObject({ code: 'overloaded' });
    expect(shown).toEqual([]);
    silent.destroy();
    expect((await waiting).carrier).toBe('connection');
    const late = await startFull(1, manual);
    const tooLate = failureAt(late.url, { clock: manual });
    expect(await failureAt(late.url)).toMatchObject({ code: 'overloaded' });
    await manual.advance(3000);
    expect(await tooLate).toMatchObject({ code: 'overloaded' });
  });

  it('loses nothing of what came together with the request', async () => {
    const endpoint = await startEndpoint();
    onTestFinished(endpoint.stop);
    const socket = connectTcp(endpoint.port, '127.0.0.1').on('error', () => undefined);
    // Its first flight in the same segment: the answer comes before those of TLS.
    const inner = connectTls({ socket: preface(socket), rejectUnauthorized: false, minVersion: 'TLSv1.3' });
    await once(inner, 'secureConnect');
    inner.destroy();
  });
});

/** Puts the request before the first bytes, and takes the answer off. */
function preface(socket: Socket): Duplex {
  let isAsked = false;
  let isAnswered = false;
  const near = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      socket.write(isAsked ? chunk : Buffer.concat([Buffer.from(ASK), chunk]), done);
      isAsked = true;
    },
  });
  socket.on('data', (chunk: Buffer) => {
    const rest = isAnswered ? chunk : chunk.subarray(chunk.indexOf('\r\n\r\n') + 4);
    isAnswered = true;
    if (rest.byteLength > 0) near.push(rest);
  });
  return near;
}
