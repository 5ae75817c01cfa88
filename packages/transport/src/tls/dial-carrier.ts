import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '@cloudless/kernel';
import { WebSocket } from 'ws';
import { isLinkUpgrade, LINK_UPGRADE, type CarrierKind } from './carrier.ts';
import { readCloseToComeBack, readComeBack } from './come-back.ts';
import { DialFailed } from './dial-failed.ts';
import { explainAnswer, explainFailure, type Way } from './explain-failure.ts';
import { watchOuterAuthority } from './outer-authority.ts';
import { createOuterStream, MAX_WEBSOCKET_BYTES } from './outer-stream.ts';
import { proxyFor } from './proxy-agent.ts';

export type CarrierDial = {
  /** `ws://…/agent` or `wss://…/agent`. */
  readonly url: string;
  readonly clock: Pick<Clock, 'setTimer'>;
};

/** What comes of an attempt: the first of these, and after `opened` perhaps `failed`. */
export type CarrierEvents = {
  opened(carrier: Duplex): void;
  failed(cause: unknown): void;
  /** What answers knows no such upgrade, or lets none pass; `silence`: nothing was answered for 5 s. */
  unknown(why: 'answer' | 'silence'): void;
};

export interface CarrierAttempt {
  /** What broke, by the hop at which it did. */
  explain(cause: unknown): DialFailed;
  destroy(): void;
}

/** How long what took the request may say nothing: some boxes swallow what they do not know. More than a connection waits for its turn. */
const SILENT_MS = 5000;
/** Of who stands between, or of a coordinator that is away: another protocol would be answered the same. */
const OF_THE_WAY: ReadonlySet<number> = new Set([407, 502, 503, 504, 511]);

/** Asks for the connection itself. */
function dialConnection({ url, clock }: CarrierDial, on: CarrierEvents): CarrierAttempt {
  const proxy = proxyFor(url);
  const target = new URL(url.replace(/^ws/, 'http'));
  const request = (target.protocol === 'https:' ? httpsRequest : httpRequest)(target, {
    agent: proxy?.agent ?? false,
    // Outer TLS only gets through proxies: who the coordinator is, is judged inside.
    rejectUnauthorized: false,
    headers: { connection: 'Upgrade', upgrade: LINK_UPGRADE },
  });
  const authority = watchOuterAuthority(request);
  const way = (): Way => ({ url, proxy: proxy?.shown, authority: authority() });
  let carrier: Duplex | undefined;
  let silence: Timer | undefined;
  let isSettled = false;
  const settle = (): void => {
    isSettled = true;
    silence?.cancel();
  };
  const unknown = (why: 'answer' | 'silence' = 'answer'): void => {
    destroy();
    on.unknown(why);
  };
  const destroy = (): void => {
    settle();
    request.removeAllListeners('error').on('error', () => undefined);
    request.destroy();
    carrier?.destroy();
  };
  request.once('finish', () => {
    // It may be told after the answer has come.
    if (!isSettled) silence = clock.setTimer(SILENT_MS, () => unknown('silence'));
  });
  request.once('error', (cause) => (isCutOff(cause) ? unknown() : on.failed(cause)));
  request.once('response', (answer) => {
    const retryAfterMs = readComeBack(answer.statusCode, answer.headers);
    if (retryAfterMs !== undefined) on.failed(askedBack(url, retryAfterMs));
    else if (OF_THE_WAY.has(answer.statusCode ?? 0)) on.failed(explainAnswer(answer, way()));
    else unknown();
  });
  request.once('upgrade', (answer, socket, head) => {
    settle();
    carrier = socket.on('error', on.failed);
    if (!isLinkUpgrade(answer.headers.upgrade)) return unknown();
    if (socket instanceof Socket) socket.setNoDelay(true).setTimeout(0);
    if (head.byteLength > 0) socket.unshift(head);
    on.opened(socket);
  });
  request.end();
  return { explain: (cause) => explainFailure(cause, way()), destroy };
}

/** The connection came about, and ended without an answer or with none of HTTP. */
function isCutOff(cause: NodeJS.ErrnoException): boolean {
  return cause.code === 'ECONNRESET' || cause.code === 'EPIPE' || (cause.code ?? '').startsWith('HPE_');
}

function dialWebSocket({ url }: CarrierDial, on: CarrierEvents): CarrierAttempt {
  const proxy = proxyFor(url);
  let outerAuthority = (): string | undefined => undefined;
  const socket = new WebSocket(url, {
    perMessageDeflate: false,
    maxPayload: MAX_WEBSOCKET_BYTES,
    rejectUnauthorized: false,
    finishRequest(request) {
      outerAuthority = watchOuterAuthority(request);
      request.end();
    },
    ...(proxy ? { agent: proxy.agent } : {}),
  });
  const way = (): Way => ({ url, proxy: proxy?.shown, authority: outerAuthority() });
  socket.once('unexpected-response', (request, response) => {
    on.failed(explainAnswer(response, way()));
    request.destroy();
  });
  socket.once('close', (code, reason) => {
    const retryAfterMs = readCloseToComeBack(code, reason.toString());
    if (retryAfterMs !== undefined) on.failed(askedBack(url, retryAfterMs));
  });
  const outer = createOuterStream(socket);
  outer.on('error', on.failed);
  socket.once('open', () => on.opened(outer));
  return { explain: (cause) => explainFailure(cause, way()), destroy: () => socket.terminate() };
}

const askedBack = (url: string, retryAfterMs: number): DialFailed =>
  new DialFailed(
    'overloaded',
    `The coordinator at ${url} has more devices at its door than it can serve now, and asked this one to come back in ${retryAfterMs} ms.`,
    { retryAfterMs },
  );

/** Opens one way to carry the inner TLS. */
export const dialCarrier = (kind: CarrierKind, dial: CarrierDial, on: CarrierEvents): CarrierAttempt =>
  kind === 'connection' ? dialConnection(dial, on) : dialWebSocket(dial, on);
