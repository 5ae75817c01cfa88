import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '@cloudless/kernel';
import type { WebSocket } from 'ws';

/** "Try again later", as registered for WebSockets. */
const TRY_AGAIN_LATER = 1013;
/** `Retry-After` knows whole seconds, in which very many would come together. */
const RETRY_HEADER = 'cloudless-retry-after-ms';
/** How long the other end may take to read it. */
const LINGER_MS = 1000;
/** Whatever the other end says, a device looks again within this. */
const MAX_RETRY_MS = 30_000;

/** Closes a WebSocket that could not be served now, and says when to come back. */
export function closeToComeBack(socket: WebSocket, retryAfterMs: number, clock: Pick<Clock, 'setTimer'>): void {
  const timer = clock.setTimer(LINGER_MS, () => socket.terminate());
  socket.once('close', () => timer.cancel());
  socket.resume();
  socket.close(TRY_AGAIN_LATER, `busy; again in ${retryAfterMs} ms`);
}

/** The same for a connection whose upgrade was not answered yet. */
export function answerComeBack(socket: Duplex, retryAfterMs: number, clock: Pick<Clock, 'setTimer'>): void {
  const timer = clock.setTimer(LINGER_MS, () => socket.destroy());
  socket.once('close', () => timer.cancel());
  socket.resume();
  socket.end(
    `HTTP/1.1 503 Service Unavailable\r\nretry-after: ${Math.ceil(retryAfterMs / 1000)}\r\n${RETRY_HEADER}: ${retryAfterMs}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`,
  );
}

/** When the coordinator asked to come back, in ms; `undefined` for another end. Nobody vouches for it: it only delays. */
export const readCloseToComeBack = (code: number, reason: string): number | undefined =>
  code === TRY_AGAIN_LATER ? readMs(/^busy; again in (\d+) ms$/.exec(reason)?.[1]) : undefined;

/** The same of an answer to an upgrade. */
export function readComeBack(statusCode: number | undefined, headers: IncomingHttpHeaders): number | undefined {
  const header = headers[RETRY_HEADER];
  return statusCode === 503 && typeof header === 'string' ? readMs(header) : undefined;
}

const readMs = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,6}$/.test(text) ? Math.min(Number(text), MAX_RETRY_MS) : undefined;
