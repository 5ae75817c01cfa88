import type { Clock } from '@cloudless/kernel';
import type { WebSocket } from 'ws';

/** "Try again later", as registered for WebSockets. */
const TRY_AGAIN_LATER = 1013;
/** How long the other end may take to read it. */
const LINGER_MS = 1000;
/** Whatever the other end says, a device looks again within this. */
const MAX_RETRY_MS = 30_000;

/** Closes a WebSocket that could not be served now, and says when to come back. It costs no handshake. */
export function askBack(socket: WebSocket, retryAfterMs: number, clock: Pick<Clock, 'setTimer'>): void {
  const timer = clock.setTimer(LINGER_MS, () => socket.terminate());
  socket.once('close', () => timer.cancel());
  socket.resume();
  socket.close(TRY_AGAIN_LATER, `busy; again in ${retryAfterMs} ms`);
}

/** When the coordinator asked to come back, in ms; `undefined` for another end. Nobody vouches for it: it only delays. */
export function readComeBack(code: number, reason: string): number | undefined {
  const ms = code === TRY_AGAIN_LATER ? /^busy; again in (\d{1,6}) ms$/.exec(reason)?.[1] : undefined;
  return ms === undefined ? undefined : Math.min(Number(ms), MAX_RETRY_MS);
}
