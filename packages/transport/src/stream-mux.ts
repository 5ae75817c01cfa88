import type { Duplex } from 'node:stream';
import { streamHeaderSchema, type StreamHeader } from '@cloudless/proto';
import { FRAME, jsonPayload, parseJsonPayload, readU32, streamFrame, u32, type FrameChannel } from './frame-channel.ts';
import { StreamReset, type IncomingStream, type LinkCode } from './link.ts';
import { MuxStream } from './mux-stream.ts';
import { parseReason, writeReason } from './reason.ts';
import { BULK_QUEUE_BYTES, MAX_STREAMS } from './stream-limits.ts';

type Opening = { readonly stream: MuxStream; resolve(stream: Duplex): void; reject(error: unknown): void };

/** Streams over the bulk path. The dialling end opens odd ids, the accepting end even ones, so that both may open at once. */
export interface StreamMux {
  open(header: StreamHeader, signal?: AbortSignal): Promise<Duplex>;
  onStream(listener: (incoming: IncomingStream) => void): void;
  /** A frame of a stream kind. Returns what the other end broke, if anything. */
  take(kind: number, payload: Uint8Array): string | undefined;
  /** Ends every stream with a reason, without a word to the other end. */
  stop(code: LinkCode, message: string): void;
}

export function createStreamMux(bulk: FrameChannel, role: 'dialler' | 'acceptor'): StreamMux {
  const streams = new Map<number, MuxStream>();
  const openings = new Map<number, Opening>();
  let nextId = role === 'dialler' ? 1 : 2;
  let lastPeerId = 0;
  let listener: ((incoming: IncomingStream) => void) | undefined;
  let stopped: StreamReset | undefined;

  const sendReset = (id: number, code: LinkCode, message: string): void => {
    bulk.write(streamFrame(FRAME.streamReset, id, jsonPayload(writeReason({ code, message }))));
  };

  function createStream(id: number): MuxStream {
    const stream = new MuxStream({
      sendBytes(piece) {
        if (bulk.queuedBytes >= BULK_QUEUE_BYTES) return false;
        bulk.write(streamFrame(FRAME.streamBytes, id, piece));
        return true;
      },
      sendEnd: () => bulk.write(streamFrame(FRAME.streamEnd, id)),
      sendCredit: (bytes) => bulk.write(streamFrame(FRAME.streamCredit, id, u32(bytes))),
      sendReset: (code, message) => sendReset(id, code, message),
      forget: () => streams.delete(id),
    });
    // A reset that no consumer awaits must not end the process; consumers add listeners of their own.
    stream.on('error', () => undefined);
    streams.set(id, stream);
    return stream;
  }

  bulk.onDrain(() => {
    for (const [id, stream] of Array.from(streams)) {
      if (bulk.queuedBytes >= BULK_QUEUE_BYTES) return;
      // To the end of the map's order: the next drain starts with another stream.
      if (streams.delete(id)) streams.set(id, stream);
      stream.resumeSending();
    }
  });

  function takeOpen(id: number, payload: Uint8Array): string | undefined {
    const isPeers = id % 2 === (role === 'dialler' ? 0 : 1);
    if (!isPeers || id <= lastPeerId) return `stream id ${id} was used out of turn`;
    lastPeerId = id;
    const header = streamHeaderSchema.safeParse(parseJsonPayload(payload));
    if (!header.success) return void sendReset(id, 'malformed', 'the header of the stream could not be read');
    if (!listener) return void sendReset(id, 'refused', 'no streams are served here yet');
    if (streams.size >= MAX_STREAMS) return void sendReset(id, 'overloaded', `more than ${MAX_STREAMS} streams at once`);
    const stream = createStream(id);
    let isAnswered = false;
    listener({
      header: header.data,
      accept() {
        if (!isAnswered && !stream.destroyed) bulk.write(streamFrame(FRAME.streamAccept, id));
        isAnswered = true;
        return stream;
      },
      refuse(code, message) {
        if (!isAnswered) stream.destroy(new StreamReset(code, message));
        isAnswered = true;
      },
    });
    return undefined;
  }

  function takeAccept(id: number): void {
    const opening = openings.get(id);
    openings.delete(id);
    opening?.resolve(opening.stream);
  }

  function takeReset(id: number, payload: Uint8Array): void {
    const { code, message } = parseReason(payload);
    const opening = openings.get(id);
    openings.delete(id);
    streams.get(id)?.takeReset(code, message);
    opening?.reject(new StreamReset(code, message));
  }

  function takeBytes(id: number, bytes: Uint8Array): void {
    const stream = streams.get(id);
    if (stream && !stream.takeBytes(bytes))
      stream.destroy(new StreamReset('malformed', 'more bytes came than the window of the stream allows'));
  }

  return {
    open(header, signal) {
      if (stopped) return Promise.reject(stopped);
      if (signal?.aborted) return Promise.reject(signal.reason as Error);
      if (streams.size >= MAX_STREAMS)
        return Promise.reject(new StreamReset('overloaded', `more than ${MAX_STREAMS} streams at once on this link`));
      const id = nextId;
      nextId += 2;
      const stream = createStream(id);
      const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
      openings.set(id, { stream, resolve, reject });
      bulk.write(streamFrame(FRAME.streamOpen, id, jsonPayload(header)));
      const onAbort = (): void => {
        openings.delete(id);
        stream.destroy(new StreamReset('closed', 'the opener gave up'));
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      return promise.finally(() => signal?.removeEventListener('abort', onAbort));
    },
    onStream(next) {
      listener = next;
    },
    take(kind, payload) {
      const id = readU32(payload, 0);
      if (id === undefined) return 'a frame of a stream names no stream';
      const rest = payload.subarray(4);
      // Frames of a stream that is gone here were sent before the other end knew: dropped.
      if (kind === FRAME.streamOpen) return takeOpen(id, rest);
      if (kind === FRAME.streamAccept) takeAccept(id);
      else if (kind === FRAME.streamReset) takeReset(id, rest);
      else if (kind === FRAME.streamEnd) streams.get(id)?.takeEnd();
      else if (kind === FRAME.streamCredit) streams.get(id)?.takeCredit(readU32(rest, 0) ?? 0);
      else if (kind === FRAME.streamBytes) takeBytes(id, rest);
      else return `the bulk path has no frames of kind ${kind}`;
      return undefined;
    },
    stop(code, message) {
      stopped = new StreamReset(code, message);
      for (const stream of streams.values()) stream.takeReset(code, message);
      for (const opening of openings.values()) opening.reject(stopped);
      openings.clear();
    },
  };
}
