import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { ok, type Clock, type Entropy, type Logger, type Result } from '@cloudless/kernel';
import {
  LINK_PROTOCOL,
  MAX_HANDSHAKE_BYTES,
  type HandshakeRequest,
  type HandshakeResponse,
  type JoinHop,
  type NodeId,
} from '@cloudless/proto';
import { WebSocketServer } from 'ws';
import type { CoordinatorLink, LinkReason } from '../link.ts';
import { createAdmission } from './admission.ts';
import { carryInWebSocket, carryOnConnection, isLinkUpgrade, type Carrier } from './carrier.ts';
import { createControlPaths } from './control-paths.ts';
import { createDuplexChannel, type DuplexChannel } from './duplex-channel.ts';
import { createExchange, type HandshakeExchange } from './handshake-exchange.ts';
import { createInnerContext, readPeerChain, type PeerChain, type TlsIdentity } from './inner-tls.ts';
import { MAX_WEBSOCKET_BYTES } from './outer-stream.ts';
import { OLDEST_PROTOCOL, parsePreamble, preambleFrame, type Preamble, type PreambleAnswer } from './preamble.ts';

/** From its turn to a session or an answer. */
const HANDSHAKE_DEADLINE_MS = 10_000;
/**
 * Connections whose handshake is worked on at once, those that wait for it, and for how long: less than a device that has other addresses waits for a word
 * (4 s), and than any waits before it tries a WebSocket (5 s).
 */
const ADMISSION = { atOnce: 256, queueLimit: 2048, waitMs: 3000, quietBelow: 64 };
/** Connections that wait for a person's approval at once; more keep the short deadline. */
const MAX_KEPT_OPEN = 64;

export type AuthenticatedPeer = { readonly nodeId: NodeId; readonly remoteAddress: string | undefined };

export type AgentEndpointOptions = {
  /** Leaf and device CA, PEM: a joining device pins the CA by its key, so it must be sent. */
  readonly identity: TlsIdentity;
  /** Device CA, PEM: named to clients as the issuer that is asked for. */
  readonly bundle: string;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  /** Who shows this chain; asked at each session open. */
  authenticate(chain: PeerChain): Result<NodeId, LinkReason>;
  /** Serves `join`, `pair` and `renew`; `chain` may be empty, or out of date for `renew`. */
  handshake(request: HandshakeRequest, chain: PeerChain, exchange: HandshakeExchange): Promise<HandshakeResponse>;
  /** How many are served at once, and wait; for a test of the limits. */
  readonly admission?: Partial<typeof ADMISSION>;
  /** Its control path stands; of an agent of the release before, both. */
  onLink(link: CoordinatorLink, peer: AuthenticatedPeer): void;
};

/** A request that was made to `/agent` to upgrade. */
export type AgentUpgrade = {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What came with it already. */
  readonly head: Buffer;
  /** Of the device: what a standby passed on comes from where the standby says. */
  readonly remoteAddress: string | undefined;
};

export interface AgentEndpoint {
  acceptUpgrade(upgrade: AgentUpgrade): void;
  /** Serves connections from now on with a renewed certificate. */
  setIdentity(identity: TlsIdentity): void;
  stop(): void;
}

/** One connection before it is part of a link. */
type Connection = {
  readonly remoteAddress: string | undefined;
  /** What costs time is done: the next may come in. */
  shaken(): void;
  finish(): void;
  abandon(): void;
  extend(ms: number): void;
};

/**
 * The coordinator's end of every agent's connection: TLS 1.3 inside what the way offers, so that proxies and names do not matter. A client
 * without a valid certificate gets `join` and `renew` served, nothing else, and hears why.
 */
export function createAgentEndpoint(options: AgentEndpointOptions): AgentEndpoint {
  const { clock, entropy, logger } = options;
  const unfinished = new Set<Connection>();
  const keptOpen = new Set<Connection>();
  /** Wait for their turn. */
  const atDoor = new Set<Carrier>();
  const admission = createAdmission({ clock, entropy, ...ADMISSION, ...options.admission });
  const paths = createControlPaths({
    clock,
    entropy,
    admission,
    onLink: (link, { nodeId, remoteAddress }) => options.onLink(link, { nodeId, remoteAddress }),
  });
  const webSockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_WEBSOCKET_BYTES,
    clientTracking: false,
  });
  let context = createInnerContext(options.identity, options.bundle);

  function openConnection(carrier: Carrier, remoteAddress: string | undefined, shaken: () => void): Connection {
    let timer = clock.setTimer(HANDSHAKE_DEADLINE_MS, () => connection.abandon());
    const connection: Connection = {
      remoteAddress,
      shaken,
      finish() {
        timer.cancel();
        shaken();
        unfinished.delete(connection);
        keptOpen.delete(connection);
      },
      extend(ms) {
        if (keptOpen.size >= MAX_KEPT_OPEN) return;
        unfinished.delete(connection);
        keptOpen.add(connection);
        shaken();
        timer.cancel();
        timer = clock.setTimer(ms, () => connection.abandon());
      },
      abandon() {
        connection.finish();
        carrier.destroy();
      },
    };
    unfinished.add(connection);
    carrier.onClose(() => connection.finish());
    return connection;
  }

  function answer(channel: DuplexChannel, value: PreambleAnswer): void {
    channel.write(preambleFrame(value));
  }
  function refuse(
    channel: DuplexChannel,
    connection: Connection,
    reason: { readonly code: string; readonly message: string; readonly retry: boolean; readonly hop?: JoinHop | undefined },
  ): void {
    logger.info({ op: 'agentEndpoint.accept', outcome: 'refused', code: reason.code, remoteAddress: connection.remoteAddress });
    const { code, message, retry, hop } = reason;
    answer(channel, { kind: 'refused', code, message, retry, ...(hop === undefined ? {} : { hop }) });
    channel.end();
  }

  function servePath(
    preamble: Extract<Preamble, { kind: 'control' | 'bulk' }>,
    chain: PeerChain,
    channel: DuplexChannel,
    connection: Connection,
  ): void {
    if (preamble.protocol < OLDEST_PROTOCOL || preamble.protocol > LINK_PROTOCOL) {
      const message = `the agent speaks protocol ${preamble.protocol}, this coordinator ${OLDEST_PROTOCOL} to ${LINK_PROTOCOL}: update the older of the two`;
      return refuse(channel, connection, { code: 'protocol_mismatch', message, retry: true });
    }
    const control = preamble.kind === 'bulk' ? paths.find(preamble.session) : undefined;
    // Whose the certificate of its control path is was judged when that came, and this connection proved to hold the key to it too.
    const isSame = control !== undefined && chain[0] !== undefined && Buffer.compare(control.leaf, chain[0]) === 0;
    const who = isSame ? ok(control.nodeId) : options.authenticate(chain);
    if (!who.ok) return refuse(channel, connection, who.error);
    if (preamble.kind === 'control') return serveControl(who.value, preamble, chain, channel, connection);
    if (!control || control.nodeId !== who.value) {
      return refuse(channel, connection, {
        code: 'refused',
        message: 'no control path of this device waits for that bulk path',
        retry: true,
      });
    }
    connection.finish();
    paths.attach(preamble.session, channel);
  }

  function serveControl(
    nodeId: NodeId,
    { bulk }: Extract<Preamble, { kind: 'control' }>,
    [leaf = new Uint8Array()]: PeerChain,
    channel: DuplexChannel,
    connection: Connection,
  ): void {
    const { remoteAddress } = connection;
    const path = { nodeId, leaf, channel, remoteAddress, linked: () => connection.finish(), abandon: () => connection.abandon() };
    if (bulk === 'later') {
      connection.finish();
      return paths.link(path);
    }
    if (paths.hold(path)) return connection.shaken();
    const message = 'too many other devices are connecting now; this one comes back in a moment';
    refuse(channel, connection, { code: 'overloaded', message, retry: true });
  }

  async function serveHandshake(
    request: HandshakeRequest,
    chain: PeerChain,
    channel: DuplexChannel,
    connection: Connection,
  ): Promise<void> {
    const exchange = createExchange({
      channel,
      clock,
      remoteAddress: connection.remoteAddress,
      extend: (ms) => connection.extend(ms),
      abandon: () => connection.abandon(),
    });
    try {
      const response = await options.handshake(request, chain, exchange);
      exchange.done();
      if (response.kind === 'refused') return refuse(channel, connection, response);
      answer(channel, response);
      channel.end();
    } catch (cause) {
      exchange.done();
      if (exchange.signal.aborted) return;
      logger.error({ op: 'agentEndpoint.handshake', outcome: 'failed', kind: request.kind }, cause);
      refuse(channel, connection, { code: 'internal', message: 'the coordinator could not serve this now; its log says why', retry: true });
    }
  }

  function serve(inner: TLSSocket, connection: Connection): void {
    inner.on('error', () => connection.abandon());
    const channel = createDuplexChannel(inner, MAX_HANDSHAKE_BYTES);
    channel.receive({
      // The other end speaks first, and nothing of it arrives before the handshake is done.
      frame(frame) {
        channel.receive(undefined);
        const chain = readPeerChain(inner);
        const preamble = parsePreamble(frame);
        if (typeof preamble === 'string') return refuse(channel, connection, { code: 'malformed', message: preamble, retry: false });
        if (preamble.kind === 'control' || preamble.kind === 'bulk') servePath(preamble, chain, channel, connection);
        else void serveHandshake(preamble, chain, channel, connection);
      },
      closed(fault) {
        if (fault) refuse(channel, connection, { ...fault, retry: false });
        else connection.abandon();
      },
    });
  }

  function admit(carrier: Carrier, remoteAddress: string | undefined, shaken: () => void): void {
    const connection = openConnection(carrier, remoteAddress, shaken);
    // `authorized` of such a socket says nothing: whoever shows a chain is judged by `authenticate`.
    serve(
      new TLSSocket(carrier.open(), { isServer: true, secureContext: context, requestCert: true, rejectUnauthorized: false }),
      connection,
    );
  }

  /** Nothing is read of it before its turn. */
  function queue(carrier: Carrier, remoteAddress: string | undefined): void {
    atDoor.add(carrier);
    const leave = admission.enter({
      admitted() {
        atDoor.delete(carrier);
        admit(carrier, remoteAddress, () => leave());
      },
      refused(retryAfterMs) {
        atDoor.delete(carrier);
        logger.info({ op: 'agentEndpoint.accept', outcome: 'refused', code: 'overloaded', retryAfterMs });
        carrier.askBack(retryAfterMs);
      },
    });
    carrier.onClose(() => {
      atDoor.delete(carrier);
      leave();
    });
  }

  return {
    acceptUpgrade({ request, socket, head, remoteAddress }) {
      if (isLinkUpgrade(request.headers.upgrade)) queue(carryOnConnection(socket, head, clock), remoteAddress);
      else webSockets.handleUpgrade(request, socket, head, (opened) => queue(carryInWebSocket(opened, clock), remoteAddress));
    },
    setIdentity(next) {
      context = createInnerContext(next, options.bundle);
    },
    stop() {
      for (const carrier of atDoor) carrier.destroy();
      for (const connection of [...unfinished, ...keptOpen]) connection.abandon();
    },
  };
}
