import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import type { Clock } from '@cloudless/kernel';
import { WebSocket } from 'ws';
import { DialFailed } from './dial-failed.ts';
import { readComeBack } from './come-back.ts';
import { explainAnswer, explainFailure } from './explain-failure.ts';
import { createDuplexChannel, type DuplexChannel } from './duplex-channel.ts';
import { INNER_TLS, readPeerChain, type JudgePeer, type PeerChain } from './inner-tls.ts';
import { watchOuterAuthority } from './outer-authority.ts';
import { createOuterStream, MAX_WEBSOCKET_BYTES } from './outer-stream.ts';
import { proxyFor } from './proxy-agent.ts';
import { parseAnswer, preambleFrame, type Preamble, type PreambleAnswer } from './preamble.ts';

export type InnerDial = {
  /** `ws://…/agent` or `wss://…/agent`. */
  readonly url: string;
  /** With the device's own certificate; absent only for `join`. Asked for when the WebSocket is open: most dials of an outage come to nothing. */
  readonly context?: (() => SecureContext) | undefined;
  /** Is asked before the first byte is sent. */
  readonly judgeCoordinator: JudgePeer;
  readonly preamble: Preamble;
  readonly maxFrameBytes: number;
  readonly signal: AbortSignal;
  readonly clock: Pick<Clock, 'setTimer'>;
  /** How long the WebSocket may take to open; as long as the signal lets it when absent. */
  readonly openWithinMs?: number | undefined;
};

/** One WebSocket with inner TLS, its preamble answered. Aborting the signal before that ends it. */
export async function openInnerTls(
  dial: InnerDial,
): Promise<{ readonly channel: DuplexChannel; readonly answer: PreambleAnswer; readonly chain: PeerChain }> {
  dial.signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<{ channel: DuplexChannel; answer: PreambleAnswer; chain: PeerChain }>();
  const proxy = proxyFor(dial.url);
  // Outer TLS only gets through proxies: who the coordinator is, is judged inside.
  let outerAuthority = (): string | undefined => undefined;
  const socket = new WebSocket(dial.url, {
    perMessageDeflate: false,
    maxPayload: MAX_WEBSOCKET_BYTES,
    rejectUnauthorized: false,
    finishRequest(request) {
      outerAuthority = watchOuterAuthority(request);
      request.end();
    },
    ...(proxy ? { agent: proxy.agent } : {}),
  });
  const way = () => ({ url: dial.url, proxy: proxy?.shown, authority: outerAuthority() });
  const failed = (cause: unknown): void => {
    reject(dial.signal.aborted && cause === dial.signal.reason ? cause : explainFailure(cause, way()));
    socket.terminate();
  };
  socket.once('unexpected-response', (request, response) => {
    failed(explainAnswer(response, way()));
    request.destroy();
  });
  socket.once('close', (code, reason) => {
    const retryAfterMs = readComeBack(code, reason.toString());
    if (retryAfterMs === undefined) return;
    const message = `The coordinator at ${dial.url} has more devices at its door than it can serve now, and asked this one to come back in ${retryAfterMs} ms.`;
    failed(new DialFailed('overloaded', message, { retryAfterMs }));
  });
  const { openWithinMs } = dial;
  const patience =
    openWithinMs === undefined ? undefined : dial.clock.setTimer(openWithinMs, () => failed(saidNothing(dial.url, openWithinMs)));
  const onAbort = (): void => failed(dial.signal.reason);
  dial.signal.addEventListener('abort', onAbort, { once: true });
  const outer = createOuterStream(socket);
  outer.on('error', failed);
  socket.once('open', () => {
    patience?.cancel();
    const inner = connect({
      socket: outer,
      ...INNER_TLS,
      rejectUnauthorized: false,
      ...(dial.context ? { secureContext: dial.context() } : {}),
    });
    inner.once('error', failed);
    inner.once('secureConnect', () => speak(inner, dial, resolve, failed));
  });
  try {
    return await promise;
  } finally {
    patience?.cancel();
    dial.signal.removeEventListener('abort', onAbort);
  }
}

const saidNothing = (url: string, ms: number): DialFailed =>
  new DialFailed(
    'timeout',
    `What is at ${url} opened no WebSocket within ${ms} ms: it hangs, or what stands before it does not reach it.`,
    {
      hop: 'http',
      isSilent: true,
    },
  );

function speak(
  inner: TLSSocket,
  dial: InnerDial,
  resolve: (opened: { channel: DuplexChannel; answer: PreambleAnswer; chain: PeerChain }) => void,
  failed: (cause: unknown) => void,
): void {
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
