import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from '@cloudless/kernel';
import { CloudlessError } from '@cloudless/proto';
import type { PeerConnection } from '@cloudless/transport/tls';
import { refuseUpgrade, sendFailure, sendProblem } from '../../gateway/answers.ts';
import { noteForwarded } from '../../gateway/forwarded.ts';
import type { PortHandlers } from '../../gateway/port.ts';
import { APP_PORT_HEADER, ATTEND_PATH, SILENT_MS, WHOAMI_PATH, type Whoami } from './messages.ts';

/** What serves requests that a standby passes on. */
export type ForwardedRoutes = { readonly main: PortHandlers; app(port: number): PortHandlers };

export type LeaderDoors = {
  readonly routes: ForwardedRoutes;
  attend(coordinatorId: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
};

/** What coordinators say to each other, HTTP/1.1 on connections whose other end is known. Only a leader serves what is passed on to it. */
export interface PeerServer {
  accept(arrived: PeerConnection): void;
  /** From now on this coordinator leads. */
  lead(doors: LeaderDoors): void;
  stop(): void;
}

export type PeerServerOptions = { readonly logger: Logger; readonly whoami: () => Whoami };

export function createPeerServer({ logger, whoami }: PeerServerOptions): PeerServer {
  const peers = new WeakMap<Duplex, PeerConnection>();
  let doors: LeaderDoors | undefined;

  // Bodies stream to apps for as long as they take; who is there was judged.
  const server = createHttpServer({ maxHeaderSize: 64 * 1024, requestTimeout: 0, keepAliveTimeout: 60_000 });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    serve(request, response).catch((cause: unknown) => sendFailure(response, cause, { logger, route: 'peer' }));
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const handlers = pick(request);
    if (handlers) handlers.onUpgrade(request, socket, head);
    else refuseUpgrade(socket, standsBy());
  });
  server.on('clientError', (_cause, socket) => void socket.destroy());

  /** A request that was passed on once is never passed on again: two that each take the other for the leader would send it round. */
  const standsBy = (): CloudlessError =>
    new CloudlessError('no_leader', `The coordinator ${whoami().coordinatorId} was taken for the leader, but stands by itself.`);

  function pick(request: IncomingMessage): PortHandlers | undefined {
    const via = peers.get(request.socket);
    if (!doors || via === undefined) return undefined;
    const port = request.headers[APP_PORT_HEADER];
    delete request.headers[APP_PORT_HEADER];
    noteForwarded(request, via.coordinatorId);
    return port === undefined ? doors.routes.main : doors.routes.app(Number(port));
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === WHOAMI_PATH) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(whoami()));
      return;
    }
    if (request.url === ATTEND_PATH) {
      const peer = peers.get(request.socket);
      if (!doors || !peer) throw standsBy();
      // A machine whose network is gone closes nothing.
      peer.endWhenSilent(SILENT_MS);
      return doors.attend(peer.coordinatorId, request, response);
    }
    const handlers = pick(request);
    if (handlers) handlers.onRequest(request, response);
    else sendProblem(response, standsBy());
  }

  return {
    accept(arrived) {
      peers.set(arrived.connection, arrived);
      server.emit('connection', arrived.connection);
    },
    lead: (next) => void (doors = next),
    stop() {
      doors = undefined;
      server.close();
    },
  };
}
