import { connect, type TLSSocket } from 'node:tls';
import type { Result } from '@cloudless/kernel';
import { WebSocket } from 'ws';
import { DialFailed } from '../dial-failed.ts';
import { explainAnswer, explainFailure } from '../explain-failure.ts';
import { INNER_TLS, readPeerChain, type PeerChain, type TlsIdentity } from '../inner-tls.ts';
import { createOuterStream, MAX_WEBSOCKET_BYTES } from '../outer-stream.ts';

export type PeerDial = {
  /** Where the other coordinator is reached: `http://host:7600`. Never through a proxy. */
  readonly address: string;
  readonly identity: TlsIdentity;
  /** Which coordinator shows this chain. */
  readonly judgePeer: (chain: PeerChain) => Result<string, string>;
  readonly signal: AbortSignal;
};

/** `http://host:7600` → `ws://host:7600/peer`. */
const toPeerUrl = (address: string): string => `${address.replace(/^http/, 'ws').replace(/\/+$/, '')}/peer`;

/**
 * A connection to another coordinator of this cluster, both ends verified.
 *
 * @throws DialFailed when it cannot be reached or is no coordinator of this cluster; the signal's reason when it aborts before that
 */
export async function dialPeer(dial: PeerDial): Promise<{ readonly connection: TLSSocket; readonly coordinatorId: string }> {
  const { address, identity, judgePeer, signal } = dial;
  signal.throwIfAborted();
  const url = toPeerUrl(address);
  const way = { url, proxy: undefined, authority: undefined };
  const { promise, resolve, reject } = Promise.withResolvers<{ connection: TLSSocket; coordinatorId: string }>();
  const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: MAX_WEBSOCKET_BYTES, rejectUnauthorized: false });
  const failed = (cause: unknown): void => {
    reject(signal.aborted && cause === signal.reason ? cause : explainFailure(cause, way));
    socket.terminate();
  };
  socket.once('unexpected-response', (request, response) => {
    failed(explainAnswer(response, way));
    request.destroy();
  });
  const onAbort = (): void => failed(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const outer = createOuterStream(socket);
  outer.on('error', failed);
  socket.once('open', () => {
    const inner = connect({ socket: outer, ...INNER_TLS, rejectUnauthorized: false, cert: identity.certificate, key: identity.key });
    inner.on('error', failed);
    inner.once('close', () => {
      failed(new DialFailed('path_lost', `${address} closed the connection before it said who it is`));
    });
    inner.once('secureConnect', () => {
      const peer = judgePeer(readPeerChain(inner));
      if (peer.ok) resolve({ connection: inner, coordinatorId: peer.value });
      else failed(new DialFailed('certificate_refused', `What answers at ${address} is no coordinator of this cluster: ${peer.error}`));
    });
  });
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
