import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from '@cloudless/kernel';
import { CloudlessError } from '@cloudless/proto';
import { LINK_UPGRADE, type AgentUpgrade } from '@cloudless/transport/tls';
import type { WebSocket } from 'ws';
import type { Installer } from '../install/create-installer.ts';
import type { People } from '../people/people.ts';
import { isLoopbackName, parseHost } from './addresses.ts';
import { foreignOrigin, type Admission } from './admission.ts';
import { asError, refuseUpgrade, sendFailure, sendNotice, sendProblem } from './answers.ts';
import { securityHeaders } from './headers.ts';
import type { PortHandlers } from './port.ts';
import type { RequestFacts } from './request-facts.ts';
import { routeOf, type Route } from './routes.ts';
import type { TrpcSockets } from './trpc-sockets.ts';
import type { WebProxy } from './web-proxy.ts';

/** What the API serves, as it exports it. */
export type ApiEndpoints = {
  trpcHttp(request: IncomingMessage, response: ServerResponse): Promise<void> | void;
  trpcWebSocket(socket: WebSocket, request: IncomingMessage): void;
  rest(request: IncomingMessage, response: ServerResponse): Promise<void> | void;
};

/** Who takes the connections of agents. */
export type AgentSockets = {
  acceptUpgrade(upgrade: AgentUpgrade): void;
  /** Why agents should look for another coordinator now; `undefined` while they need not. */
  refusal?(): CloudlessError | undefined;
};

export type GatewayTelemetry = {
  readonly contentType: string;
  text(): Promise<string>;
  begin(route: Route | 'app'): (status: number) => void;
};

export type MainRoutesOptions = {
  readonly admission: Admission;
  readonly people: Pick<People, 'authenticate' | 'serve'>;
  readonly api: Pick<ApiEndpoints, 'trpcHttp' | 'rest'> | undefined;
  readonly agents: AgentSockets;
  readonly sockets: Pick<TrpcSockets, 'upgrade'>;
  readonly web: WebProxy;
  /** Absent: its routes answer 404. */
  readonly installer: Pick<Installer, 'serve'> | undefined;
  readonly telemetry: GatewayTelemetry;
  readonly logger: Logger;
  /** Why this coordinator does not serve yet; empty when it does. */
  readonly notReady: () => readonly string[];
  /** Wall time since which what is read here may be older than what others wrote; `undefined` while it is not. */
  readonly staleSince: () => number | undefined;
};

function sendState(response: ServerResponse, reasons: readonly string[], more: Readonly<Record<string, string>> = {}): void {
  response.writeHead(reasons.length === 0 ? 200 : 503, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify({ ...(reasons.length === 0 ? { status: 'ok' } : { status: 'notReady', reasons }), ...more }));
}

const READ_AWAY_BYTES = 64 * 2 ** 20;

/**
 * A refused body of a length that can be borne is read and forgotten, within the time that a body has, so that its sender reads the answer
 * instead of a reset connection. A longer one, or one of unknown length, is cut off.
 */
const isReadAway = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) <= READ_AWAY_BYTES;

/** What the main port does with a request. */
export function createMainRoutes(options: MainRoutesOptions): PortHandlers {
  const { admission, people, api, telemetry, logger } = options;

  async function serveMetrics(request: IncomingMessage, response: ServerResponse, { loopback, host }: RequestFacts): Promise<void> {
    // A proxy on this machine is loopback too, but it passes the public name on.
    const local = loopback && isLoopbackName(parseHost(host)?.name ?? '');
    if (!local && !(await people.authenticate(request.headers)))
      throw new CloudlessError('unauthenticated', 'Metrics are open to this machine, and to API tokens.');
    response.writeHead(200, { 'content-type': telemetry.contentType, 'cache-control': 'no-store' });
    response.end(await telemetry.text());
  }

  async function dispatch(route: Route, request: IncomingMessage, response: ServerResponse, facts: RequestFacts): Promise<void> {
    switch (route) {
      case 'trpc':
      case 'rest':
        if (!api) throw new CloudlessError('not_found', 'This coordinator runs without its API.');
        return route === 'trpc' ? api.trpcHttp(request, response) : api.rest(request, response);
      case 'auth':
        return people.serve(request, response);
      case 'healthz':
        return sendState(response, []);
      case 'readyz':
        return sendState(response, options.notReady(), { role: 'leader' });
      case 'metrics':
        return serveMetrics(request, response, facts);
      case 'agent':
        response.setHeader('upgrade', LINK_UPGRADE);
        return sendProblem(
          response,
          new CloudlessError('invalid_input', 'Only agents come here, and a proxy on the way passed no upgrade on.'),
          { status: 426 },
        );
      case 'install':
        if (!options.installer) throw new CloudlessError('not_found', 'This coordinator runs without its installer.');
        return options.installer.serve(request, response, facts);
      case 'web':
        return options.web.serve(request, response, facts);
    }
  }

  /** Agents come under any name, and their content is TLS itself; but no browser has a reason to. */
  function admitAgent(request: IncomingMessage, socket: Duplex, head: Buffer, { remoteAddress }: RequestFacts): void {
    const refused = request.headers.origin === undefined ? options.agents.refusal?.() : foreignOrigin(request);
    if (refused) refuseUpgrade(socket, refused);
    else options.agents.acceptUpgrade({ request, socket, head, remoteAddress });
  }

  return {
    onRequest(request, response) {
      const route = routeOf(request.url);
      const end = telemetry.begin(route ?? 'web');
      response.once('close', () => end(response.statusCode));
      const facts = admission.admit(request);
      for (const [name, value] of Object.entries(securityHeaders(facts))) response.setHeader(name, value);
      const staleSince = options.staleSince();
      if (staleSince !== undefined) response.setHeader('cloudless-stale-since', String(staleSince));
      if (route === undefined) {
        sendProblem(response, new CloudlessError('invalid_input', 'The request target is not a path.'), { close: true });
        return;
      }
      if (route !== 'agent' && admission.redirectsToTls(facts, request, response)) return;
      const refused = admission.refuseRequest(request, facts, route);
      if (!refused) {
        dispatch(route, request, response, facts).catch((cause: unknown) => sendFailure(response, cause, { logger, route }));
        return;
      }
      response.shouldKeepAlive = isReadAway(request);
      sendNotice(response, refused.error, request.headers.accept, refused);
    },
    onUpgrade(request, socket, head) {
      socket.on('error', () => socket.destroy());
      const route = routeOf(request.url);
      const facts = admission.admit(request);
      if (route === 'agent') {
        admitAgent(request, socket, head, facts);
        return;
      }
      const refused = admission.refuseUpgrade(request, facts);
      if (refused) refuseUpgrade(socket, refused.error, refused.status);
      else if (route === 'trpc')
        options.sockets.upgrade(request, socket, head).catch((cause: unknown) => refuseUpgrade(socket, asError(cause)));
      else refuseUpgrade(socket, new CloudlessError('not_found', 'No WebSocket is served at this path.'));
    },
  };
}
