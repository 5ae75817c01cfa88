import type { Duplex } from 'node:stream';
import type { Clock } from '@cloudless/kernel';
import type { WebSocket } from 'ws';
import { answerComeBack, closeToComeBack } from './come-back.ts';
import { createOuterStream } from './outer-stream.ts';

/** What the inner TLS runs in: the connection itself, or a WebSocket where the way passes only those. */
export type CarrierKind = 'connection' | 'websocket';

/** What a device asks for by `Upgrade` (RFC 9110 §7.8). What comes after the 101 is its inner TLS. */
export const LINK_UPGRADE = 'cloudless-link';

export const isLinkUpgrade = (upgrade: string | undefined): boolean => upgrade?.toLowerCase() === LINK_UPGRADE;

/** One connection at the coordinator's door. */
export interface Carrier {
  /** Its turn has come: nothing is read of it before. */
  open(): Duplex;
  /** It cannot be served now. Costs no handshake; never after `open`. */
  askBack(retryAfterMs: number): void;
  destroy(): void;
  onClose(listener: () => void): void;
}

/** @param head what came with the request already */
export function carryOnConnection(socket: Duplex, head: Buffer, clock: Pick<Clock, 'setTimer'>): Carrier {
  socket.on('error', () => socket.destroy());
  socket.pause();
  return {
    open() {
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${LINK_UPGRADE}\r\n\r\n`);
      if (head.byteLength > 0) socket.unshift(head);
      return socket;
    },
    askBack: (retryAfterMs) => answerComeBack(socket, retryAfterMs, clock),
    destroy: () => void socket.destroy(),
    onClose: (listener) => void socket.once('close', listener),
  };
}

export function carryInWebSocket(socket: WebSocket, clock: Pick<Clock, 'setTimer'>): Carrier {
  socket.on('error', () => socket.terminate());
  socket.pause();
  return {
    open() {
      const outer = createOuterStream(socket);
      outer.on('error', () => socket.terminate());
      socket.resume();
      return outer;
    },
    askBack: (retryAfterMs) => closeToComeBack(socket, retryAfterMs, clock),
    destroy: () => socket.terminate(),
    onClose: (listener) => void socket.once('close', listener),
  };
}
