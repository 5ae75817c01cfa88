import { connect, type Socket } from 'node:net';
import { createSeededEntropy } from '@cloudless/kernel/testing';
import { expect, test } from '@playwright/test';
import { startCluster, type Cluster } from '../src/chaos/cluster.ts';
import { judge } from '../src/chaos/judge.ts';
import { note } from '../src/chaos/note.ts';

const UPGRADE = 'GET /agent HTTP/1.1\r\nHost: 127.0.0.2\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
const LINK = 'GET /agent HTTP/1.1\r\nHost: 127.0.0.2\r\nConnection: Upgrade\r\nUpgrade: cloudless-link\r\n\r\n';
const STRANGERS = 1000;

/** What strangers send to the door of agents; `bytes` are random. */
const WORDS: readonly ((bytes: Buffer) => readonly (string | Buffer)[])[] = [
  (bytes) => [bytes],
  () => ['GET /agent HTTP/1.1\r\n'],
  () => [`${UPGRADE}\r\n`],
  (bytes) => [UPGRADE + KEY, bytes],
  // A frame of 2^40 bytes, one without a mask, and a TLS record that is none.
  () => [UPGRADE + KEY, Buffer.from([0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4])],
  () => [UPGRADE + KEY, Buffer.from([0x82, 0x05, 1, 2, 3, 4, 5])],
  (bytes) => [UPGRADE + KEY, Buffer.concat([Buffer.from([0x82, 0x80 | 69, 0, 0, 0, 0, 0x16, 3, 1, 0xff, 0xff]), bytes.subarray(0, 64)])],
  () => [LINK],
  (bytes) => [LINK, bytes],
  // A record that is none, and one that never ends.
  (bytes) => [LINK, Buffer.concat([Buffer.from([0x16, 3, 1, 0xff, 0xff]), bytes.subarray(0, 64)])],
  (bytes) => [LINK, Buffer.concat([Buffer.from([0x16, 3, 1, 0x3f, 0xff, 1, 0, 0x3f, 0xfb]), bytes.subarray(0, 64)])],
  () => [],
];

async function knock({ seat }: Cluster): Promise<{ readonly closed: number }> {
  const entropy = createSeededEntropy(61);
  const sockets: Socket[] = [];
  let closed = 0;
  for (let index = 0; index < STRANGERS; index += 1) {
    const socket = connect(seat.port, seat.host);
    sockets.push(socket.resume());
    socket.on('error', () => undefined);
    socket.once('close', () => (closed += 1));
    const words = WORDS[index % WORDS.length]?.(Buffer.from(entropy.bytes(200))) ?? [];
    socket.once('connect', () => words.forEach((word) => void socket.write(word)));
    // A few at a time, as over a real network; all of them stay.
    if (index % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const untilMs = performance.now() + 12_000;
  while (performance.now() < untilMs && closed < STRANGERS) await new Promise((resolve) => setTimeout(resolve, 50));
  for (const socket of sockets) socket.destroy();
  return { closed };
}

test('a thousand strangers with malformed frames at the door of agents disturb nobody', async () => {
  await using cluster = await startCluster({ seed: 61, devices: 3, apps: [2, 2] });
  const { closed } = await knock(cluster);
  note({ strangers: STRANGERS, closedByUs: closed });
  // Each is let go in time, whatever it said; those who never finish a request by the limit of the gateway.
  expect(closed).toBeGreaterThan(STRANGERS * 0.8);
  note(await judge(cluster, { settleMs: 5000, starts: 0 }));
  expect(await cluster.told('node.unreachable', 'node.lost', 'allocation.placed')).toEqual([]);
  expect(cluster.seat.coordinator.endings).toEqual([]);
});
