import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls';
import type { Clock, Logger, Result, Timer } from '@cloudless/kernel';
import { WebSocketServer, type WebSocket } from 'ws';
import { INNER_TLS, readPeerChain, type PeerChain, type TlsIdentity } from '../inner-tls.ts';
import { createOuterStream, MAX_WEBSOCKET_BYTES } from '../outer-stream.ts';

export type PeerEndpointOptions = {
  /** Read at each connection, because certificates are renewed. Absent: nobody is served yet. */
  readonly identity: () => TlsIdentity | undefined;
  /** Device CA, PEM: named to clients as the issuer that is asked for. */
  readonly bundle: () => string;
  /** Which coordinator shows this chain. */
  readonly judgePeer: (chain: PeerChain) => Result<string, string>;
  readonly clock: Pick<Clock, 'setTimer'>;
  readonly logger: Logger;
  readonly onConnection: (arrived: PeerConnection) => void;
};

/** A connection of another coordinator of this cluster. */
export type PeerConnection = {
  /** Bytes both ways. */
  readonly connection: Duplex;
  readonly coordinatorId: string;
  /**
   * Asks the other end for a sign of life now and then, and ends the connection when none comes for so long. For a connection that carries
   * little: an answer waits behind what is on its way.
   */
  endWhenSilent(silentMs: number): void;
};

export interface PeerEndpoint {
  /** An upgrade that was asked for at `/peer`. */
  acceptUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  stop(): void;
}

/** From opening the WebSocket to knowing who is there. */
const HANDSHAKE_MS = 10_000;
/** Each request that is forwarded at once has one. */
const MAX_CONNECTIONS = 2_048;
/** Of the silence that is borne. */
const PINGS = 4;

/** The end of connections between coordinators that answers: TLS 1.3 inside the WebSocket, as for agents; see `createAgentEndpoint`. */
export function createPeerEndpoint(options: PeerEndpointOptions): PeerEndpoint {
  const { clock, logger } = options;
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MAX_WEBSOCKET_BYTES, clientTracking: false });
  const sockets = new Set<WebSocket>();
  let context: { readonly identity: TlsIdentity; readonly made: SecureContext } | undefined;

  function contextOf(identity: TlsIdentity): SecureContext {
    if (context?.identity !== identity) {
      context = {
        identity,
        made: createSecureContext({ ...INNER_TLS, cert: identity.certificate, key: identity.key, ca: options.bundle() }),
      };
    }
    return context.made;
  }

  /** Every release answers a WebSocket's ping. */
  function endWhenSilent(socket: WebSocket, inner: TLSSocket, silentMs: number): void {
    const beginSilence = (): Timer => clock.setTimer(silentMs, () => inner.destroy());
    const ping = (): Timer =>
      clock.setTimer(silentMs / PINGS, () => {
        socket.ping();
        next = ping();
      });
    let silence = beginSilence();
    let next = ping();
    socket.on('pong', () => {
      silence.cancel();
      silence = beginSilence();
    });
    inner.once('close', () => {
      silence.cancel();
      next.cancel();
    });
  }

  function accept(socket: WebSocket, identity: TlsIdentity): void {
    const outer = createOuterStream(socket);
    const abandon = (): void => socket.terminate();
    const timer = clock.setTimer(HANDSHAKE_MS, abandon);
    socket.once('close', () => timer.cancel());
    outer.on('error', abandon);
    // `authorized` of such a socket says nothing: whoever shows a chain is judged by `judgePeer`.
    const inner = new TLSSocket(outer, {
      isServer: true,
      secureContext: contextOf(identity),
      requestCert: true,
      rejectUnauthorized: false,
    });
    inner.on('error', (cause) => {
      logger.debug({ op: 'peer.accept', outcome: 'failed', reason: cause.message });
      abandon();
    });
    inner.once('close', abandon);
    inner.once('secure', () => {
      timer.cancel();
      const peer = options.judgePeer(readPeerChain(inner));
      if (peer.ok) {
        const { value: coordinatorId } = peer;
        return options.onConnection({
          connection: inner,
          coordinatorId,
          endWhenSilent: (silentMs) => endWhenSilent(socket, inner, silentMs),
        });
      }
      logger.warn({ op: 'peer.accept', outcome: 'refused', reason: peer.error });
      inner.destroy();
    });
  }

  return {
    acceptUpgrade(request, raw, head) {
      raw.on('error', () => raw.destroy());
      const identity = options.identity();
      if (!identity || sockets.size >= MAX_CONNECTIONS) return void raw.destroy();
      server.handleUpgrade(request, raw, head, (socket) => {
        socket.on('error', () => socket.terminate());
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
        accept(socket, identity);
      });
    },
    stop() {
      for (const socket of sockets) socket.terminate();
    },
  };
}
