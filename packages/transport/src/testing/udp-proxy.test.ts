import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createRealClock } from '@cloudless/kernel/node';
import { createSeededEntropy } from '@cloudless/kernel/testing';
import { expect, test } from 'vitest';
import { startUdpProxy } from './udp-proxy.ts';
import { bothWays, CLEAR } from './weather.ts';

const clock = createRealClock();
const STEP_MS = 10;

async function bind(): Promise<Socket> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => void socket.bind(0, '127.0.0.1', resolve));
  return socket;
}

/** A program that answers each datagram, and one that asks, with a proxy between. */
async function openPair(seed = 1, signal?: AbortSignal) {
  const server = await bind();
  const client = await bind();
  const heard: { text: string; port: number }[] = [];
  server.on('message', (bytes: Buffer, from: RemoteInfo) => {
    heard.push({ text: bytes.toString(), port: from.port });
    server.send(bytes, from.port, from.address);
  });
  const { port } = server.address() as AddressInfo;
  const proxy = await startUdpProxy({ clock, entropy: createSeededEntropy(seed), target: { port }, ...(signal ? { signal } : {}) });
  return {
    proxy,
    heard,
    client,
    send: (text: string) => client.send(text, proxy.port, '127.0.0.1'),
    /** Asks and waits for the answer: whatever was sent before has passed or is gone. */
    async ask(text: string): Promise<string[]> {
      const answers: string[] = [];
      client.send(text, proxy.port, '127.0.0.1');
      while (answers.at(-1) !== text) {
        const [bytes] = (await once(client, 'message')) as [Buffer];
        answers.push(bytes.toString());
      }
      return answers;
    },
    async [Symbol.asyncDispose]() {
      await proxy.stop();
      server.close();
      client.close();
    },
  };
}

test('passes datagrams both ways', async () => {
  await using pair = await openPair();
  expect(await pair.ask('hello')).toEqual(['hello']);
});

test('delays', async () => {
  await using pair = await openPair();
  pair.proxy.turn({ out: { delayMs: 60 }, back: { delayMs: 40 } });
  const fromMs = clock.bootMs();
  await pair.ask('late');
  expect(clock.bootMs() - fromMs + STEP_MS).toBeGreaterThanOrEqual(100);
});

test('loses what it is told to lose, for good', async () => {
  await using pair = await openPair();
  pair.proxy.turn({ out: { loss: 1 } });
  for (let index = 0; index < 20; index += 1) pair.send('lost');
  // Datagrams of one socket arrive in order on the loopback: the last is behind the lost ones.
  await waitFor(() => pair.proxy.dropped === 20);
  pair.proxy.turn({ out: CLEAR });
  await pair.ask('after');
  expect(pair.heard.map(({ text }) => text)).toEqual(['after']);
});

test('loses about its share, and the same for the same seed', async () => {
  const lostOf = async (seed: number): Promise<number> => {
    await using pair = await openPair(seed);
    pair.proxy.turn({ out: { loss: 0.3 } });
    for (let index = 0; index < 200; index += 1) {
      pair.send('maybe');
      if (index % 20 === 19) await waitFor(() => pair.heard.length + pair.proxy.dropped === index + 1);
    }
    return pair.proxy.dropped;
  };
  const lost = await lostOf(5);
  expect(lost).toBeGreaterThan(30);
  expect(lost).toBeLessThan(90);
  expect(await lostOf(5)).toBe(lost);
});

test('a partition loses what is sent in it', async () => {
  await using pair = await openPair();
  pair.proxy.turn(bothWays({ isBlocked: true }));
  pair.send('into the void');
  await waitFor(() => pair.proxy.dropped === 1);
  pair.proxy.turn(bothWays(CLEAR));
  expect(await pair.ask('again')).toEqual(['again']);
  expect(pair.heard).toHaveLength(1);
});

test('duplicates', async () => {
  await using pair = await openPair();
  pair.proxy.turn({ out: { duplicate: 1 } });
  pair.send('twice');
  await waitFor(() => pair.heard.length === 2);
  expect(pair.heard.map(({ text }) => text)).toEqual(['twice', 'twice']);
});

test('lets later datagrams overtake one that is held back', async () => {
  await using pair = await openPair();
  pair.proxy.turn({ out: { reorder: 1, reorderMs: 60 } });
  pair.send('first');
  // On the way once it is with the proxy: a NAT binding tells nothing, so another sender's echo is the sign.
  await using around = await openPair();
  await around.ask('a moment');
  pair.proxy.turn({ out: CLEAR });
  pair.send('second');
  await waitFor(() => pair.heard.length === 2);
  expect(pair.heard.map(({ text }) => text)).toEqual(['second', 'first']);
});

test('lets no more pass in a second than its rate, and drops what its queue cannot hold', async () => {
  await using pair = await openPair();
  pair.proxy.turn({ out: { bytesPerSecond: 10_000 } });
  const fromMs = clock.bootMs();
  for (let index = 0; index < 10; index += 1) pair.send('x'.repeat(100));
  await waitFor(() => pair.heard.length === 10);
  expect(clock.bootMs() - fromMs + STEP_MS).toBeGreaterThanOrEqual(90);
  pair.proxy.turn({ out: { delayMs: 60_000 } });
  for (let index = 0; index < 1200; index += 1) {
    pair.send('y');
    if (index % 50 === 49) await around();
  }
  await waitFor(() => pair.proxy.dropped > 0);

  async function around(): Promise<void> {
    await using other = await openPair();
    await other.ask('a moment');
  }
});

test('a NAT that rebinds shows the target another port, and the conversation goes on', async () => {
  await using pair = await openPair();
  await pair.ask('before');
  pair.proxy.rebind();
  await pair.ask('after');
  const [before, after] = pair.heard;
  expect(after?.port).not.toBe(before?.port);
});

test('stops by its signal: what is on the way goes nowhere', async () => {
  const stopping = new AbortController();
  await using pair = await openPair(1, stopping.signal);
  pair.proxy.turn({ out: { delayMs: 20 } });
  pair.send('too late');
  stopping.abort(new Error('the test is over'));
  await using other = await openPair();
  other.proxy.turn({ out: { delayMs: 60 } });
  await other.ask('later than that');
  expect(pair.heard).toEqual([]);
});

/** Resolves when it is so; the test's own time limit ends it. */
async function waitFor(isSo: () => boolean): Promise<void> {
  while (!isSo()) await clock.sleep(1);
}
