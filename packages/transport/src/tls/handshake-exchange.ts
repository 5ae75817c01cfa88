import { JOIN_TTL_MS, pairRevealSchema, type HandshakeResponse, type PairReveal } from '@cloudless/proto';
import type { Clock } from '@cloudless/kernel';
import { FRAME, parseJsonPayload } from '../frame-channel.ts';
import type { DuplexChannel } from './duplex-channel.ts';
import { preambleFrame } from './preamble.ts';

/** A person may take as long as an offer stands, and the answer a moment more. */
const MAX_OPEN_MS = JOIN_TTL_MS + 10_000;
const REVEAL_DEADLINE_MS = 10_000;

/** More than one question and one answer with a device that has no certificate yet. */
export type HandshakeExchange = {
  readonly remoteAddress: string | undefined;
  /** An answer before the last one. */
  send(answer: HandshakeResponse): void;
  /** The device's next message. @throws Error when it hangs up, says something else, or nothing for 10 s */
  receiveReveal(): Promise<PairReveal>;
  /** A person has to answer: the connection may stay for so long, at most as long as an offer stands. */
  keepOpen(ms: number): void;
  /** Aborts when the device hangs up. */
  readonly signal: AbortSignal;
};

export type ExchangeDeps = {
  readonly channel: DuplexChannel;
  readonly clock: Clock;
  readonly remoteAddress: string | undefined;
  /** Gives the connection another deadline. */
  readonly extend: (ms: number) => void;
  readonly abandon: () => void;
};

/** The coordinator's half; `done` is called before the last answer is sent. */
export function createExchange({ channel, clock, remoteAddress, extend, abandon }: ExchangeDeps): HandshakeExchange & { done(): void } {
  const gone = new AbortController();
  let reveal: PromiseWithResolvers<PairReveal> | undefined;
  const hangUp = (): void => {
    const cause = new Error('the device hung up');
    gone.abort(cause);
    reveal?.reject(cause);
    abandon();
  };
  channel.receive({
    frame(frame) {
      const parsed = pairRevealSchema.safeParse(frame[0] === FRAME.preamble ? parseJsonPayload(frame.subarray(1)) : undefined);
      // Whoever speaks out of turn is no agent of ours.
      if (reveal && parsed.success) reveal.resolve(parsed.data);
      else hangUp();
      reveal = undefined;
    },
    closed: hangUp,
  });
  return {
    remoteAddress,
    send: (answer) => void channel.write(preambleFrame(answer)),
    async receiveReveal() {
      gone.signal.throwIfAborted();
      const waiting = Promise.withResolvers<PairReveal>();
      reveal = waiting;
      const timer = clock.setTimer(REVEAL_DEADLINE_MS, hangUp);
      return waiting.promise.finally(() => timer.cancel());
    },
    keepOpen: (ms) => extend(Math.min(ms, MAX_OPEN_MS)),
    signal: gone.signal,
    done: () => channel.receive(undefined),
  };
}
