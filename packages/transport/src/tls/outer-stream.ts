import type { Duplex } from 'node:stream';
import { createWebSocketStream, type WebSocket } from 'ws';

/** Longest WebSocket message that either end takes. What is inside is TLS: its records know no messages. */
export const MAX_WEBSOCKET_BYTES = 2 ** 20;
const PIECE_BYTES = MAX_WEBSOCKET_BYTES / 4;

/**
 * The byte stream that carries the inner TLS. TLS hands over what was written together as one chunk, which can be as long as all that
 * waited: it is cut, because one message over the limit would end the connection.
 */
export function createOuterStream(socket: WebSocket): Duplex {
  const outer = createWebSocketStream(socket);
  const sendWhole = outer._write.bind(outer);
  outer._write = (chunk: Buffer, encoding, done) => {
    const sendFrom = (offset: number): void => {
      const end = offset + PIECE_BYTES;
      if (end >= chunk.byteLength) return sendWhole(chunk.subarray(offset), encoding, done);
      sendWhole(chunk.subarray(offset, end), encoding, (error) => (error ? done(error) : sendFrom(end)));
    };
    sendFrom(0);
  };
  return outer;
}
