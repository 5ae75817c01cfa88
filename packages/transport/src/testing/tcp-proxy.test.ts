import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { createRealClock } from '@cloudless/kernel/node';
import { createSeededEntropy } from '@cloudless/kernel/testing';
import { expect, test } from 'vitest';
import { startTcpProxy, type TcpProxyOptions } from './tcp-proxy.ts';
import { bothWays, CLEAR } from './weather.ts';

const clock = createRealClock();
/** Boot time is told in steps of this. */
const STEP_MS = 10;

/** A program that answers with what it got, behind a proxy. */
async function openEcho(options: Partial<TcpProxyOptions> = {}) {
  const got: Buffer[] = [];
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      got.push(chunk);
      socket.write(chunk);
    });
    socket.on('end', () => socket.end());
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const proxy = await startTcpProxy({ clock, entropy: createSeededEntropy(1), target: { port }, ...options });
  return {
    proxy,
    sockets,
    got: () => Buffer.concat(got),
    async [Symbol.asyncDispose]() {
      await proxy.stop();
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function dial(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  return socket;
}

async function read(socket: Socket, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let size = 0; size < bytes;) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    chunks.push(chunk);
    size += chunk.byteLength;
  }
  return Buffer.concat(chunks);
}

async function roundTripMs(socket: Socket, bytes = 1): Promise<number> {
  const fromMs = clock.bootMs();
  socket.write(Buffer.alloc(bytes, 7));
  await read(socket, bytes);
  return clock.bootMs() - fromMs + STEP_MS;
}

/** `once` would fail with the reset. */
const closeOf = (socket: Socket): Promise<void> => new Promise((resolve) => void socket.once('close', () => resolve()));

const failureOf = (socket: Socket): Promise<string> =>
  new Promise((resolve) => void socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? '')));

test('passes bytes both ways, and the end of each direction on its own', async () => {
  await using echo = await openEcho();
  const socket = dial(echo.proxy.port);
  const sent = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
  socket.end(sent);
  expect(await read(socket, sent.byteLength)).toEqual(sent);
  await once(socket, 'end');
});

test('delays each direction by its own weather', async () => {
  await using echo = await openEcho();
  const socket = dial(echo.proxy.port);
  echo.proxy.turn({ out: { delayMs: 60 }, back: { delayMs: 40 } });
  expect(await roundTripMs(socket)).toBeGreaterThanOrEqual(100);
  socket.destroy();
});

test('keeps the order of bytes, whatever the jitter', async () => {
  await using echo = await openEcho();
  echo.proxy.turn(bothWays({ jitterMs: 30 }));
  const socket = dial(echo.proxy.port);
  const sent = Buffer.from(Array.from({ length: 60_000 }, (_, index) => index % 253));
  socket.write(sent);
  expect(await read(socket, sent.byteLength)).toEqual(sent);
  socket.destroy();
});

test('shows loss as a wait for what is sent again, never as a gap', async () => {
  await using echo = await openEcho();
  echo.proxy.turn({ out: { loss: 1, retransmitMs: 2 } });
  const socket = dial(echo.proxy.port);
  // Six losses in a row: 2 + 4 + … + 64 ms.
  expect(await roundTripMs(socket)).toBeGreaterThanOrEqual(126);
  socket.destroy();
});

test('lets no more pass in a second than its rate', async () => {
  await using echo = await openEcho();
  echo.proxy.turn({ out: { bytesPerSecond: 200_000 } });
  const socket = dial(echo.proxy.port);
  expect(await roundTripMs(socket, 20_000)).toBeGreaterThanOrEqual(100);
  socket.destroy();
});

test('takes no more than its buffer holds from a sender whose bytes cannot pass, and gives all of it afterwards', async () => {
  await using echo = await openEcho();
  const socket = dial(echo.proxy.port);
  await roundTripMs(socket);
  echo.proxy.turn({ out: { isBlocked: true } });
  const bytes = 32 * 2 ** 20;
  // More than the proxy's 256 KiB and the kernel's buffers hold.
  expect(socket.write(Buffer.alloc(bytes))).toBe(false);
  expect(echo.got().byteLength).toBe(1);
  let isDrained = false;
  socket.once('drain', () => (isDrained = true));
  await roundTripMs(await other(echo.proxy.port));
  expect(isDrained).toBe(false);
  const answered = read(socket, bytes);
  echo.proxy.turn({ out: CLEAR });
  expect((await answered).byteLength).toBe(bytes);
  socket.destroy();

  /** A way around the partition, so that time passes that is not slept. */
  async function other(port: number): Promise<Socket> {
    const around = await startTcpProxy({ clock, entropy: createSeededEntropy(2), target: { port: echo.sockets[0]?.localPort ?? port } });
    around.turn(bothWays({ delayMs: 50 }));
    const along = dial(around.port);
    along.once('close', () => void around.stop());
    return along;
  }
});

test('a partition of one direction holds back that one alone', async () => {
  await using echo = await openEcho();
  const socket = dial(echo.proxy.port);
  await roundTripMs(socket);
  echo.proxy.turn({ back: { isBlocked: true } });
  socket.write('heard');
  await once(echo.sockets[0] as Socket, 'data');
  expect(socket.bytesRead).toBe(1);
  echo.proxy.turn({ back: CLEAR });
  expect((await read(socket, 5)).toString()).toBe('heard');
  socket.destroy();
});

test('a partition hides from the target who dials, until it is over', async () => {
  await using echo = await openEcho();
  echo.proxy.turn(bothWays({ isBlocked: true }));
  const socket = dial(echo.proxy.port);
  await once(socket, 'connect');
  socket.write('hello');
  expect(echo.sockets).toHaveLength(0);
  echo.proxy.turn(bothWays(CLEAR));
  expect((await read(socket, 5)).toString()).toBe('hello');
  socket.destroy();
});

test('cut: both ends are reset', async () => {
  await using echo = await openEcho();
  const socket = dial(echo.proxy.port);
  await roundTripMs(socket);
  const gone = closeOf(echo.sockets[0] as Socket);
  const failure = failureOf(socket);
  echo.proxy.cut();
  expect(await failure).toBe('ECONNRESET');
  await gone;
  expect(echo.proxy.size).toBe(0);
});

test('cut silently: neither end hears of it, and a new connection passes', async () => {
  await using echo = await openEcho();
  const old = dial(echo.proxy.port);
  await roundTripMs(old);
  echo.proxy.cut('silently');
  old.write('lost');
  const fresh = dial(echo.proxy.port);
  await roundTripMs(fresh);
  expect(old.bytesRead).toBe(1);
  expect(old.readyState).toBe('open');
  expect(echo.got().toString('latin1')).not.toContain('lost');
  old.destroy();
  fresh.destroy();
});

test('a silent door takes who dials and says nothing, not even an end', async () => {
  await using echo = await openEcho();
  await echo.proxy.setDoor('silent');
  const socket = dial(echo.proxy.port);
  await once(socket, 'connect');
  socket.end('anybody?');
  await echo.proxy.setDoor('open');
  await roundTripMs(dial(echo.proxy.port));
  expect(socket.bytesRead).toBe(0);
  expect(socket.readableEnded).toBe(false);
  expect(echo.sockets).toHaveLength(1);
});

test('a door that resets, one that is closed, and the same port when it opens again', async () => {
  await using echo = await openEcho();
  const { port } = echo.proxy;
  await echo.proxy.setDoor('reset');
  expect(await failureOf(dial(port))).toBe('ECONNRESET');
  await echo.proxy.setDoor('closed');
  expect(await failureOf(dial(port))).toBe('ECONNREFUSED');
  await echo.proxy.setDoor('open');
  const socket = dial(port);
  await roundTripMs(socket);
  socket.destroy();
});

test('a target that resets is told, and so is one that is not there', async () => {
  await using echo = await openEcho();
  const socket = dial(echo.proxy.port);
  await roundTripMs(socket);
  const failure = failureOf(socket);
  (echo.sockets[0] as Socket).resetAndDestroy();
  expect(await failure).toBe('ECONNRESET');
  await using nowhere = await startTcpProxy({ clock, entropy: createSeededEntropy(1), target: { port: 1 } });
  expect(await failureOf(dial(nowhere.port))).toBe('ECONNRESET');
});

test('the same seed draws the same chance', async () => {
  const drawn = async (seed: number): Promise<number> => {
    let draws = 0;
    const entropy = createSeededEntropy(seed);
    const counting = { ...entropy, random: () => ((draws += 1), entropy.random()) };
    await using echo = await openEcho({ entropy: counting });
    echo.proxy.turn({ out: { loss: 0.5, retransmitMs: 1 } });
    const socket = dial(echo.proxy.port);
    for (let round = 0; round < 20; round += 1) await roundTripMs(socket);
    socket.destroy();
    return draws;
  };
  expect(await drawn(3)).toBe(await drawn(3));
});

test('stops by its signal: nothing of it stays open', async () => {
  const stopping = new AbortController();
  await using echo = await openEcho({ signal: stopping.signal });
  const socket = dial(echo.proxy.port);
  await roundTripMs(socket);
  const closed = closeOf(socket);
  stopping.abort(new Error('the test is over'));
  await closed;
  expect(echo.proxy.size).toBe(0);
  expect(await failureOf(dial(echo.proxy.port))).toBe('ECONNREFUSED');
  await expect(openEcho({ signal: stopping.signal })).rejects.toThrow('the test is over');
});
