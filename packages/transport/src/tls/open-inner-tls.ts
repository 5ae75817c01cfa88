import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import type { Clock } from '@cloudless/kernel';
import type { CarrierKind } from './carrier.ts';
import type { CarrierMemory } from './carrier-memory.ts';
import { dialCarrier, type CarrierAttempt } from './dial-carrier.ts';
import { DialFailed } from './dial-failed.ts';
import { createDuplexChannel, type DuplexChannel } from './duplex-channel.ts';
import { INNER_TLS, readPeerChain, type JudgePeer, type PeerChain } from './inner-tls.ts';
import { parseAnswer, preambleFrame, type Preamble, type PreambleAnswer } from './preamble.ts';

export type InnerDial = {
  /** `ws://…/agent` or `wss://…/agent`. */
  readonly url: string;
  /** With the device's own certificate; absent only for `join`. Asked for when the way is open: most dials of an outage come to nothing. */
  readonly context?: (() => SecureContext) | undefined;
  /** Is asked before the first byte is sent. */
  readonly judgeCoordinator: JudgePeer;
  readonly preamble: Preamble;
  readonly maxFrameBytes: number;
  readonly signal: AbortSignal;
  readonly clock: Pick<Clock, 'setTimer'>;
  /** How long the way may take to open; as long as the signal lets it when absent. */
  readonly openWithinMs?: number | undefined;
  /** What carried this link's other path. */
  readonly carrier?: CarrierKind | undefined;
  /** What earlier dials found out. */
  readonly carriers?: CarrierMemory | undefined;
};

/** One path, its preamble answered. */
export type OpenedPath = {
  readonly channel: DuplexChannel;
  readonly answer: PreambleAnswer;
  readonly chain: PeerChain;
  readonly carrier: CarrierKind;
};
type Spoken = Omit<OpenedPath, 'carrier'>;

/** Inner TLS in the connection itself, or in a WebSocket where it does not get through otherwise. Aborting the signal before it is answered ends it. */
export async function openInnerTls(dial: InnerDial): Promise<OpenedPath> {
  dial.signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<OpenedPath>();
  let attempt: CarrierAttempt | undefined;
  let wasSilent = false;
  const failed = (cause: unknown): void => {
    dial.carriers?.forget(dial.url);
    reject(dial.signal.aborted && cause === dial.signal.reason ? cause : (attempt?.explain(cause) ?? cause));
    attempt?.destroy();
  };
  function tryIn(carrier: CarrierKind): void {
    attempt = dialCarrier(carrier, dial, {
      opened(outer) {
        patience?.cancel();
        const secureContext = readContext(dial);
        if (secureContext instanceof DialFailed) return failed(secureContext);
        const inner = connect({ socket: outer, ...INNER_TLS, rejectUnauthorized: false, ...(secureContext ? { secureContext } : {}) });
        inner.once('error', failed);
        inner.once('secureConnect', () =>
          speak(
            inner,
            dial,
            (spoken) => {
              if (wasSilent) dial.carriers?.noteWebSocketOnly(dial.url);
              resolve({ ...spoken, carrier });
            },
            failed,
          ),
        );
      },
      failed,
      unknown(why) {
        wasSilent = why === 'silence';
        tryIn('websocket');
      },
    });
  }
  const { openWithinMs } = dial;
  const patience =
    openWithinMs === undefined ? undefined : dial.clock.setTimer(openWithinMs, () => failed(saidNothing(dial.url, openWithinMs)));
  const onAbort = (): void => failed(dial.signal.reason);
  dial.signal.addEventListener('abort', onAbort, { once: true });
  tryIn(dial.carrier ?? (dial.carriers?.isWebSocketOnly(dial.url) ? 'websocket' : 'connection'));
  try {
    return await promise;
  } finally {
    patience?.cancel();
    dial.signal.removeEventListener('abort', onAbort);
  }
}

/** What this device holds of its own may be damaged. */
function readContext({ context }: InnerDial): SecureContext | DialFailed | undefined {
  try {
    return context?.();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return new DialFailed(
      'malformed',
      `This device's own certificate or key cannot be read (${why}): its data is damaged. Restore its data folder, or remove it and join the device anew.`,
      { retry: false, cause },
    );
  }
}

const saidNothing = (url: string, ms: number): DialFailed =>
  new DialFailed('timeout', `What is at ${url} let nothing in within ${ms} ms: it hangs, or what stands before it does not reach it.`, {
    hop: 'http',
    isSilent: true,
  });

function speak(inner: TLSSocket, dial: InnerDial, resolve: (spoken: Spoken) => void, failed: (cause: unknown) => void): void {
  const chain = readPeerChain(inner);
  const verdict = dial.judgeCoordinator(chain);
  if (!verdict.ok)
    return failed(
      new DialFailed(
        'certificate_refused',
        `What answers at ${dial.url} is not this cluster's coordinator: ${verdict.error}. The address is another cluster's, or something between the two decrypts what this machine sends.`,
        { hop: 'pin' },
      ),
    );
  const channel = createDuplexChannel(inner, dial.maxFrameBytes);
  channel.write(preambleFrame(dial.preamble));
  channel.receive({
    frame(frame) {
      channel.receive(undefined);
      const answer = parseAnswer(frame);
      if (answer) resolve({ channel, answer, chain });
      else failed(new DialFailed('malformed', `The coordinator at ${dial.url} answered with something that this release does not know`));
    },
    closed: (fault) =>
      failed(
        new DialFailed(
          fault?.code ?? 'path_lost',
          fault?.message ?? `The coordinator at ${dial.url} closed the connection before it answered`,
        ),
      ),
  });
}
