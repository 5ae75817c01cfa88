import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock, Logger } from '@cloudless/kernel';
import { CloudlessError } from '@cloudless/proto';
import { createPeerEndpoint, type PeerEndpointOptions } from '@cloudless/transport/websocket';
import { refuseUpgrade, sendFailure, sendProblem } from '../../gateway/answers.ts';
import { noteForwarded } from '../../gateway/forwarded.ts';
import type { PortHandlers } from '../../gateway/port.ts';
import { APP_PORT_HEADER, ATTEND_PATH, WHOAMI_PATH, type Whoami } from './messages.ts';

/** What serves requests that a standby passes on. */
export type ForwardedRoutes = { readonly main: PortHandlers; app(port: number): PortHandlers };

export type PeerDoorOptions = Pick<PeerEndpointOptions, 'identity' | 'bundle' | 'judgePeer'> & {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly whoami: () => Whoami;
};

export type LeaderDoors = {
  readonly routes: ForwardedRoutes;
  attend(coordinatorId: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
};

/** The door for other coordinators: `/peer`. It stands in every role; only a leader serves what is passed on to it. */
export interface PeerDoor {
  /** The same handlers, but for `/peer`. */
  before(handlers: PortHandlers): PortHandlers;
  /** From now on this coordinator leads. */
  lead(doors: LeaderDoors): void;
  stop(): void;
}

const isPeerPath = (target: string | undefined): boolean => target === '/peer' || (target ?? '').startsWith('/peer?');

export function createPeerDoor(options: PeerDoorOptions): PeerDoor {
  const { logger } = options;
  const peers = new WeakMap<Duplex, string>();
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
  const endpoint = createPeerEndpoint({
    ...options,
    onConnection(connection, coordinatorId) {
      peers.set(connection, coordinatorId);
      server.emit('connection', connection);
    },
  });

  /** A request that was passed on once is never passed on again: two that each take the other for the leader would send it round. */
  const standsBy = (): CloudlessError =>
    new CloudlessError('no_leader', `The coordinator ${options.whoami().coordinatorId} was taken for the leader, but stands by itself.`);

  function pick(request: IncomingMessage): PortHandlers | undefined {
    const via = peers.get(request.socket);
    if (!doors || via === undefined) return undefined;
    const port = request.headers[APP_PORT_HEADER];
    delete request.headers[APP_PORT_HEADER];
    noteForwarded(request, via);
    return port === undefined ? doors.routes.main : doors.routes.app(Number(port));
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const via = peers.get(request.socket) ?? '';
    if (request.url === WHOAMI_PATH) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(options.whoami()));
      return;
    }
    if (request.url === ATTEND_PATH) {
      if (!doors) throw standsBy();
      return doors.attend(via, request, response);
    }
    const handlers = pick(request);
    if (handlers) handlers.onRequest(request, response);
    else sendProblem(response, standsBy());
  }

  return {
    before: (handlers) => ({
      onRequest: handlers.onRequest,
      onUpgrade(request, socket, head) {
        if (!isPeerPath(request.url)) return handlers.onUpgrade(request, socket, head);
        endpoint.acceptUpgrade(request, socket, head);
      },
    }),
    lead: (next) => void (doors = next),
    stop() {
      doors = undefined;
      endpoint.stop();
      server.close();
    },
  };
}
