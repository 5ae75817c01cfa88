import type { Duplex } from 'node:stream';
import type { StreamHeader } from '@cloudless/proto';
import type { FrameChannel } from './frame-channel.ts';
import { StreamReset, type IncomingStream } from './link.ts';
import { MAX_STREAMS } from './stream-limits.ts';
import { createStreamMux, type StreamMux } from './stream-mux.ts';

/** A bulk path that comes after the link. */
export type LaterBulk = {
  /** Brings it about now; called once. It is given to the link by `attachBulk`. */
  ask(): void;
  /** Calls `ask` when there is time for it, or leaves that to the other end; at once when absent. Called once. */
  askInTurn?(ask: () => void): void;
};

/** The bulk path of a link and its streams, whether it stands already or comes later. */
export interface BulkPath {
  /** Absent until it stands. */
  readonly channel: FrameChannel | undefined;
  /** @returns what takes its frames */
  attach(channel: FrameChannel): StreamMux;
  /** Asks for it where it does not stand, once. */
  ask(): void;
  /** Asks for it in its turn. Resolves when it stands; rejects with StreamReset when the link ends before. */
  bring(): Promise<void>;
  /** Waits for it, and asks for it. */
  open(header: StreamHeader, signal?: AbortSignal): Promise<Duplex>;
  onStream(listener: (incoming: IncomingStream) => void): void;
  /** Ends every stream, and what waits for the path. */
  stop(reason: StreamReset): void;
}

/** @param later absent where it is attached at once */
export function createBulkPath(role: 'dialler' | 'acceptor', later: LaterBulk | undefined): BulkPath {
  const waiting = new Set<PromiseWithResolvers<StreamMux>>();
  let channel: FrameChannel | undefined;
  let mux: StreamMux | undefined;
  let listener: ((incoming: IncomingStream) => void) | undefined;
  let stopped: StreamReset | undefined;
  let isAsked = false;
  let isInTurn = false;

  function ask(): void {
    if (channel || isAsked || stopped) return;
    isAsked = true;
    later?.ask();
  }

  /** Nothing is queued for a path that may never come: who waits is let go when it gives up. */
  async function untilStands(signal?: AbortSignal): Promise<StreamMux> {
    if (mux) return mux;
    const entry = Promise.withResolvers<StreamMux>();
    const onAbort = (): void => {
      waiting.delete(entry);
      entry.reject(signal?.reason);
    };
    waiting.add(entry);
    signal?.addEventListener('abort', onAbort, { once: true });
    return entry.promise.finally(() => signal?.removeEventListener('abort', onAbort));
  }

  return {
    get channel() {
      return channel;
    },
    attach(next) {
      channel = next;
      mux = createStreamMux(next, role);
      if (listener) mux.onStream(listener);
      for (const { resolve } of waiting) resolve(mux);
      waiting.clear();
      return mux;
    },
    ask,
    async bring() {
      if (stopped) throw stopped;
      if (!channel && !isInTurn && !isAsked) {
        isInTurn = true;
        if (later?.askInTurn) later.askInTurn(ask);
        else ask();
      }
      await untilStands();
    },
    async open(header, signal) {
      if (mux) return mux.open(header, signal);
      if (stopped) throw stopped;
      signal?.throwIfAborted();
      if (waiting.size >= MAX_STREAMS) throw new StreamReset('overloaded', `more than ${MAX_STREAMS} streams wait for the bulk path`);
      ask();
      return (await untilStands(signal)).open(header, signal);
    },
    onStream(next) {
      listener = next;
      mux?.onStream(next);
    },
    stop(reason) {
      stopped = reason;
      mux?.stop(reason.code, reason.message);
      for (const { reject } of waiting) reject(reason);
      waiting.clear();
    },
  };
}
