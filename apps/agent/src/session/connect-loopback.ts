import { connect } from 'node:net';
import type { ConnectLoopback } from './serve-streams.ts';

const CONNECT_DEADLINE_MS = 5_000;

/** TCP to `127.0.0.1`: where containers' ports are published. */
export const connectLoopback: ConnectLoopback = (port, signal) => {
  const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<ConnectLoopback>>>();
  const socket = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true });
  const abort = (): void => void socket.destroy(new Error('the link to the coordinator closed'));
  signal.addEventListener('abort', abort, { once: true });
  socket.setTimeout(CONNECT_DEADLINE_MS, () => socket.destroy(new Error(`no answer within ${CONNECT_DEADLINE_MS} ms`)));
  socket.once('error', reject);
  socket.once('close', () => signal.removeEventListener('abort', abort));
  socket.once('connect', () => {
    socket.setTimeout(0);
    socket.off('error', reject);
    resolve(socket);
  });
  return promise;
};
