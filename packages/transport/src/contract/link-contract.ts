import type { Duplex } from 'node:stream';
import { MAX_CONTROL_BYTES, type AgentMessage, type AllocationId, type StreamHeader } from '@cloudless/proto';
import { describe, expect, it } from 'vitest';
import { FRAME, jsonFrame, streamFrame, type FrameChannel } from '../frame-channel.ts';
import { StreamReset, type AgentLink, type CoordinatorLink } from '../link.ts';
import { MAX_STREAMS, STREAM_WINDOW_BYTES } from '../stream-limits.ts';

/** Both ends of one link, and the agent's raw paths for what no link would write. */
export type ContractPair = {
  readonly agent: AgentLink;
  readonly coordinator: CoordinatorLink;
  readonly raw: { readonly control: Pick<FrameChannel, 'write'>; bulk(): Promise<Pick<FrameChannel, 'write'>> };
  /** The network between them goes. */
  sever(): void;
  /** Nothing arrives any more, and nobody is told. */
  stall(): void;
  [Symbol.asyncDispose](): Promise<void>;
};

const HEADER: StreamHeader = { kind: 'forward', allocationId: `alloc_${'a'.repeat(26)}` as AllocationId, portName: 'http' };
const beat = (sequence: number): AgentMessage => ({ kind: 'heartbeat', sequence, allocations: [] });

/** A report of about `count` × `bytes`. */
const reportOf = (count: number, bytes: number): AgentMessage => ({
  kind: 'report',
  reports: Array.from({ length: count }, () => ({
    allocationId: HEADER.allocationId,
    observed: {
      phase: 'running' as const,
      ready: true,
      cause: { code: 'x', message: 'y'.repeat(1500) },
      restarts: 0,
      sinceAt: 0,
      generation: 1,
      hostPorts: Object.fromEntries(
        Array.from({ length: (bytes - 1700) / 20 }, (_, port) => [`port-${100 + port}-${'p'.repeat(4)}`, 1000 + port]),
      ),
    },
  })),
});

async function readAll(stream: Duplex): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream.iterator({ destroyOnReturn: false })) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** Opens a stream and gives both its ends. */
async function openPair({ agent, coordinator }: ContractPair): Promise<{ near: Duplex; far: Duplex }> {
  const { promise, resolve } = Promise.withResolvers<Duplex>();
  agent.onStream((incoming) => resolve(incoming.accept()));
  return { near: await coordinator.openStream(HEADER), far: await promise };
}

/** What a promise rejects with; watched from now on. */
const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'it did not reject',
    (error: unknown) => error,
  );
const failure = (stream: Duplex): Promise<Error> => new Promise((resolve) => stream.once('error', resolve));

/** What every transport of links keeps. */
export function describeLinkContract(name: string, createPair: () => Promise<ContractPair>): void {
  describe(`${name}: messages`, () => {
    it('arrive in order, those before the first listener too', async () => {
      await using pair = await createPair();
      for (let sequence = 0; sequence < 500; sequence += 1) expect(pair.agent.send(beat(sequence))).toBe(true);
      await pair.agent.probe('control');
      const got: number[] = [];
      pair.coordinator.onMessage((message) => message.kind === 'heartbeat' && got.push(message.sequence));
      for (let sequence = 500; sequence < 1000; sequence += 1) pair.agent.send(beat(sequence));
      await pair.agent.probe('control');
      expect(got).toEqual(Array.from({ length: 1000 }, (_, index) => index));
    });

    it('of a kind that nobody knows close the link with the reason', async () => {
      await using pair = await createPair();
      pair.raw.control.write(jsonFrame(FRAME.message, { kind: 'teleport' }));
      expect(await pair.agent.closed).toMatchObject({
        code: 'unknown_kind',
        by: 'peer',
        message: expect.stringContaining('teleport') as string,
      });
      expect(await pair.coordinator.closed).toMatchObject({ code: 'unknown_kind', by: 'self' });
    });

    it.each([
      ['not JSON', Uint8Array.of(FRAME.message, 123, 34)],
      ['not UTF-8', Uint8Array.of(FRAME.message, 0xff, 0xfe)],
      ['of a wrong type', jsonFrame(FRAME.message, { kind: 'heartbeat', sequence: 'one', allocations: [] })],
      ['with a field too many', jsonFrame(FRAME.message, { ...beat(1), more: true })],
      ['of a frame that the path has not', Uint8Array.of(99, 1)],
      ['nested without end', jsonFrame(FRAME.message, { kind: 'resync', reason: Array.from({ length: 100 }, () => []) })],
    ])('that are %s close the link as malformed', async (_what, frame) => {
      await using pair = await createPair();
      pair.raw.control.write(frame);
      expect(await pair.agent.closed).toMatchObject({ code: 'malformed', by: 'peer' });
    });

    it('over the limit are not sent, and close the link when they come', async () => {
      await using pair = await createPair();
      expect(() => pair.agent.send(reportOf(1000, 5000))).toThrow(expect.objectContaining({ code: 'too_large' }));
      pair.raw.control.write(jsonFrame(FRAME.message, { kind: 'resync', reason: 'x'.repeat(MAX_CONTROL_BYTES) }));
      expect(await pair.agent.closed).toMatchObject({ code: 'oversized', by: 'peer' });
    });

    it('up to the limit arrive whole, and many that are queued at once', async () => {
      await using pair = await createPair();
      const long = reportOf(900, 4000);
      const bytes = JSON.stringify(long).length;
      expect(bytes).toBeGreaterThan(0.8 * MAX_CONTROL_BYTES);
      expect(bytes).toBeLessThan(MAX_CONTROL_BYTES);
      const { promise, resolve } = Promise.withResolvers<void>();
      let got = 0;
      pair.coordinator.onMessage((message) => {
        got += message.kind === 'report' ? message.reports.length : 0;
        if (got === 1800) resolve();
      });
      expect(pair.agent.send(long)).toBe(true);
      expect(pair.agent.send(long)).toBe(true);
      await promise;
    });

    it('that are wrong here are a fault here, not sent', async () => {
      await using pair = await createPair();
      expect(() => pair.agent.send(beat(-1))).toThrow(/schema/);
      expect(pair.agent.signal.aborted).toBe(false);
    });
  });

  describe(`${name}: streams`, () => {
    it('carry many bytes both ways, in order, while messages pass', async () => {
      await using pair = await createPair();
      const { near, far } = await openPair(pair);
      far.pipe(far);
      const sent = Buffer.from(Uint8Array.from({ length: 4_000_000 }, (_, index) => (index * 31) & 255));
      near.end(sent);
      const echoed = readAll(near);
      await pair.agent.probe('control');
      expect((await echoed).equals(sent)).toBe(true);
    });

    it('hold the writer back when nobody reads, and delay nothing else', async () => {
      await using pair = await createPair();
      const { near, far } = await openPair(pair);
      near.write(Buffer.alloc(4 * STREAM_WINDOW_BYTES));
      await pair.coordinator.probe('bulk');
      expect(near.writableLength).toBeGreaterThan(0);
      expect(far.readableLength).toBeLessThanOrEqual(STREAM_WINDOW_BYTES);
      const other = await openPair(pair);
      other.near.end('hello');
      expect(String(await readAll(other.far))).toBe('hello');
      near.end();
      expect((await readAll(far)).byteLength).toBe(4 * STREAM_WINDOW_BYTES);
    });

    it('are closed by halves', async () => {
      await using pair = await createPair();
      const { near, far } = await openPair(pair);
      near.end('question');
      expect(String(await readAll(far))).toBe('question');
      far.end('answer');
      expect(String(await readAll(near))).toBe('answer');
    });

    it('are reset with the reason, either way', async () => {
      await using pair = await createPair();
      for (const side of ['near', 'far'] as const) {
        const stream = await openPair(pair);
        const failed = failure(side === 'near' ? stream.far : stream.near);
        stream[side].destroy(new StreamReset('timeout', 'the app said nothing'));
        expect(await failed).toMatchObject({ code: 'timeout', message: 'the app said nothing' });
      }
      expect(pair.agent.signal.aborted).toBe(false);
    });

    it('are refused with the reason, and when nobody serves them', async () => {
      await using pair = await createPair();
      await expect(pair.coordinator.openStream(HEADER)).rejects.toMatchObject({ code: 'refused' });
      pair.agent.onStream((incoming) => incoming.refuse('refused', `no port ${incoming.header.kind}`));
      await expect(pair.coordinator.openStream(HEADER)).rejects.toMatchObject({ code: 'refused', message: 'no port forward' });
    });

    it("that nobody answers end with the opener's signal, and free their place", async () => {
      await using pair = await createPair();
      pair.agent.onStream(() => undefined);
      const giveUp = new AbortController();
      const openings = Array.from({ length: MAX_STREAMS }, () => pair.coordinator.openStream(HEADER, giveUp.signal));
      await expect(pair.coordinator.openStream(HEADER)).rejects.toMatchObject({ code: 'overloaded' });
      giveUp.abort(new Error('too slow'));
      for (const result of await Promise.allSettled(openings))
        expect(result).toMatchObject({ status: 'rejected', reason: { message: 'too slow' } });
      await pair.coordinator.probe('bulk');
      const { near, far } = await openPair(pair);
      near.end('free');
      expect(String(await readAll(far))).toBe('free');
    });

    it('take no more than their window allows', async () => {
      await using pair = await createPair();
      const { promise: failed, resolve } = Promise.withResolvers<Error>();
      pair.coordinator.onStream((incoming) => incoming.accept().once('error', resolve));
      const header = new TextEncoder().encode(JSON.stringify(HEADER));
      const bulk = await pair.raw.bulk();
      bulk.write(streamFrame(FRAME.streamOpen, 1001, header));
      for (let sent = 0; sent <= STREAM_WINDOW_BYTES; sent += 32_768)
        bulk.write(streamFrame(FRAME.streamBytes, 1001, new Uint8Array(32_768)));
      expect(await failed).toMatchObject({ code: 'malformed' });
    });

    it('of the bulk path that make no sense close the link', async () => {
      for (const frame of [
        Uint8Array.of(77, 0, 0, 0, 1),
        Uint8Array.of(FRAME.streamOpen, 1),
        streamFrame(FRAME.streamOpen, 2, new Uint8Array(2)),
      ]) {
        await using pair = await createPair();
        (await pair.raw.bulk()).write(frame);
        expect(await pair.agent.closed).toMatchObject({ code: 'malformed', by: 'peer' });
      }
    });
  });

  describe(`${name}: the bulk path`, () => {
    it('stands when it was brought, however often it is asked for', async () => {
      await using pair = await createPair();
      const bringing = [pair.coordinator.bringBulk(), pair.coordinator.bringBulk(), pair.agent.bringBulk()];
      const { near, far } = await openPair(pair);
      await Promise.all(bringing);
      for (const end of [pair.agent, pair.coordinator]) expect(end.stands('bulk')).toBe(true);
      near.end('one path');
      expect(String(await readAll(far))).toBe('one path');
      await Promise.all([pair.agent.probe('bulk'), pair.coordinator.probe('bulk')]);
    });

    it('does not stand after the end, and nobody waits for it on', async () => {
      await using pair = await createPair();
      pair.stall();
      const bringing = rejection(Promise.all([pair.coordinator.bringBulk(), pair.coordinator.probe('bulk')]));
      pair.coordinator.close({ code: 'revoked', message: 'removed', retry: false });
      expect(await bringing).toMatchObject({ code: 'revoked' });
      expect(pair.coordinator.stands('bulk')).toBe(false);
      await expect(pair.coordinator.bringBulk()).rejects.toMatchObject({ code: 'revoked' });
    });
  });

  describe(`${name}: the end`, () => {
    it('is told with its reason, the first one stays, and everything that waits ends', async () => {
      await using pair = await createPair();
      const { near, far } = await openPair(pair);
      const failed = [failure(near), failure(far)];
      pair.coordinator.close({ code: 'revoked', message: 'removed', retry: false });
      pair.coordinator.close({ code: 'closed', message: 'again', retry: true });
      expect(await pair.agent.closed).toEqual({ code: 'revoked', message: 'removed', retry: false, by: 'peer' });
      expect(await pair.coordinator.closed).toEqual({ code: 'revoked', message: 'removed', retry: false, by: 'self' });
      for (const error of await Promise.all(failed)) expect(error).toMatchObject({ code: 'revoked' });
      expect(pair.agent.signal.reason).toMatchObject({ code: 'revoked' });
      expect(pair.agent.send(beat(1))).toBe(false);
      await expect(pair.agent.probe('bulk')).rejects.toMatchObject({ code: 'revoked' });
      await expect(pair.agent.openStream(HEADER)).rejects.toMatchObject({ code: 'revoked' });
    });

    it('without a word is a lost path at both ends, and ends streams and waits', async () => {
      await using pair = await createPair();
      const { near } = await openPair(pair);
      const failed = failure(near);
      pair.agent.onStream(() => undefined);
      const opening = rejection(pair.coordinator.openStream(HEADER));
      pair.sever();
      expect(await pair.agent.closed).toMatchObject({ code: 'path_lost', by: 'network', retry: true });
      expect(await pair.coordinator.closed).toMatchObject({ code: 'path_lost', by: 'network' });
      expect(await failed).toMatchObject({ code: 'path_lost' });
      expect(await opening).toMatchObject({ code: 'path_lost' });
    });

    it('of a network that went silent is this end\u2019s to call: waits go on until it closes, then end at once', async () => {
      await using pair = await createPair();
      const { near } = await openPair(pair);
      const failed = failure(near);
      pair.stall();
      const probing = rejection(pair.coordinator.probe('bulk'));
      await new Promise((resolve) => setImmediate(resolve));
      expect(pair.coordinator.signal.aborted).toBe(false);
      pair.coordinator.close({ code: 'timeout', message: 'nothing was heard', retry: true });
      expect(await pair.coordinator.closed).toMatchObject({ code: 'timeout', by: 'self' });
      expect(await probing).toMatchObject({ code: 'timeout' });
      expect(await failed).toMatchObject({ code: 'timeout' });
    });

    it('of both at once leaves each with its own reason', async () => {
      await using pair = await createPair();
      pair.agent.close({ code: 'left', message: 'goodbye', retry: false });
      pair.coordinator.close({ code: 'closed', message: 'stopping', retry: true });
      expect(await pair.agent.closed).toMatchObject({ code: 'left', by: 'self' });
      expect(await pair.coordinator.closed).toMatchObject({ code: 'closed', by: 'self' });
    });
  });
}
