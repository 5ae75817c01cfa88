import { PassThrough, type Duplex } from 'node:stream';
import { nullLogger } from '@cloudless/kernel';
import type { AllocationId } from '@cloudless/proto';
import { createMemoryLinkPair } from '@cloudless/transport/memory';
import { expect, test } from 'vitest';
import { createMemoryLogStore } from '../logs/memory-log-store.ts';
import { createMemory } from '../reconcile/allocation-memory.ts';
import { buildAssignment } from '../testing/build-assignment.ts';
import { createStreamServer, type ConnectLoopback } from './serve-streams.ts';

const assignment = buildAssignment('web');
const { allocationId } = assignment;
const memory = createMemory(allocationId, 1, 0);
const running = { ...memory, observed: { ...memory.observed, phase: 'running' as const, ready: true, hostPorts: { http: 33_000 } } };
const logs = createMemoryLogStore();

/** The coordinator's end of a link to a device that runs one app. */
function open(connectLoopback: ConnectLoopback) {
  const { agent, coordinator, sever } = createMemoryLinkPair();
  const held = {
    assignment: (id: AllocationId) => (id === allocationId ? assignment : undefined),
    memory: (id: AllocationId) => (id === allocationId ? running : undefined),
  };
  const server = createStreamServer({ held, logs, connectLoopback, logger: nullLogger });
  agent.onStream((incoming) => server.serve(incoming, agent.signal));
  const openStream = (header: Parameters<typeof coordinator.openStream>[0], signal?: AbortSignal) => coordinator.openStream(header, signal);
  return { openStream, sever, coordinator };
}

const FORWARD = { kind: 'forward', allocationId, portName: 'http' } as const;

test('a connection that is given up while the app is asked is closed at the app too', async () => {
  const app = new PassThrough();
  const asked = Promise.withResolvers<void>();
  const connected = Promise.withResolvers<Duplex>();
  const { openStream, coordinator } = open(() => {
    asked.resolve();
    return connected.promise;
  });
  const giveUp = new AbortController();
  const opening = openStream(FORWARD, giveUp.signal).catch((error: unknown) => error);
  await asked.promise;
  giveUp.abort(new Error('the caller left'));
  expect(await opening).toMatchObject({ message: 'the caller left' });
  await coordinator.probe('bulk');
  const closed = new Promise((resolve) => void app.once('close', () => resolve('closed')));
  connected.resolve(app);
  expect(await closed).toBe('closed');
});

test('an app that goes ends the stream, and a stream that goes ends the app, each with the reason', async () => {
  for (const first of ['app', 'stream', 'link'] as const) {
    const app = new PassThrough();
    const { openStream, sever } = open(() => Promise.resolve(app));
    const stream = await openStream(FORWARD);
    const streamEnd = new Promise<unknown>((resolve) => void stream.once('error', resolve));
    const appEnd = new Promise((resolve) => void app.once('close', () => resolve('closed')));
    if (first === 'app') app.destroy(new Error('reset by peer'));
    else if (first === 'stream') stream.destroy();
    else sever();
    expect(await appEnd).toBe('closed');
    if (first === 'stream') continue;
    // oxlint-disable-next-line no-await-in-loop -- one after the other, so that a failure names its case
    expect(await streamEnd).toMatchObject({ code: 'path_lost' });
  }
});

test.each([
  [
    'what is not on this device',
    { kind: 'forward', allocationId: `alloc_${'z'.repeat(26)}` as AllocationId, portName: 'http' },
    'is not on this device',
  ],
  ['a port that the app has not', { ...FORWARD, portName: 'admin' }, 'no TCP port named admin'],
] as const)('%s is refused with the reason', async (_what, header, why) => {
  const { openStream } = open(() => Promise.reject(new Error('nobody asked')));
  await expect(openStream(header)).rejects.toThrow(why);
});

test('an app that does not answer is named with its port', async () => {
  const { openStream } = open(() => Promise.reject(new Error('connection refused')));
  await expect(openStream(FORWARD)).rejects.toThrow('nothing answers on port 33000');
});
