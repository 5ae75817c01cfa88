import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Store } from '@cloudless/db';
import type { Clock, Logger } from '@cloudless/kernel';
import { CloudlessError, isCloudlessError } from '@cloudless/proto';
import { AGENT_WEBSOCKET } from '@cloudless/transport/websocket';
import { WebSocketServer, type WebSocket } from 'ws';
import type { NodeSessions } from '../node-sessions/node-sessions.ts';
import type { People } from '../people/people.ts';
import { isLoopbackName, parseHost } from './addresses.ts';
import { refuseUpgrade, sendNotice, sendProblem } from './answers.ts';
import { createAppPorts, type AppPorts } from './app-ports.ts';
import { createAppProxy } from './app-proxy.ts';
import { forwardedHeaders, securityHeaders, stripForged } from './headers.ts';
import type { HostPolicy } from './host-policy.ts';
import { APP_PORT_LIMITS, MAIN_PORT_LIMITS, type PortLimits } from './limits.ts';
import { createPort, type Certificate } from './port.ts';
import { changesState, isForeign, readFacts, type RequestFacts } from './request-facts.ts';
import { MAX_BODY_BYTES, routeOf, type Route } from './routes.ts';
import { createTrpcSockets } from './trpc-sockets.ts';
import { createWebProxy } from './web-proxy.ts';

/** What the API serves, as it exports it. */
export type ApiEndpoints = {
  trpcHttp(request: IncomingMessage, response: ServerResponse): Promise<void> | void;
  trpcWebSocket(socket: WebSocket, request: IncomingMessage): void;
  rest(request: IncomingMessage, response: ServerResponse): Promise<void> | void;
};

/** Who takes the sockets of agents. */
export type AgentSockets = { acceptWebSocket(socket: WebSocket, request: IncomingMessage): void };

export type GatewayTelemetry = { readonly contentType: string; text(): Promise<string>; begin(route: Route | 'app'): (status: number) => void };

export type GatewayOptions = {
  readonly host: string;
  readonly port: number;
  readonly hosts: HostPolicy;
  readonly certificate: Certificate | undefined;
  readonly webUrl: URL | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: Store;
  readonly sessions: Pick<NodeSessions, 'openStream'>;
  readonly people: Pick<People, 'authenticate' | 'serve' | 'onRevoked'>;
  readonly api: ApiEndpoints;
  readonly agents: AgentSockets;
  readonly telemetry: GatewayTelemetry;
  /** Why this coordinator does not serve yet; empty when it does. */
  readonly notReady: () => readonly string[];
  readonly limits?: { readonly main?: PortLimits; readonly app?: PortLimits };
};

export interface Gateway {
  /** Opens the port, and those of apps. @returns the port */
  start(): Promise<number>;
  useCertificate(certificate: Certificate): void;
  readonly liveConnections: number;
  readonly appPorts: Pick<AppPorts, 'problems'>;
  stop(): Promise<void>;
}

const asError = (cause: unknown): CloudlessError => (isCloudlessError(cause) ? cause : new CloudlessError('internal', 'The request could not be served.', { cause }));

/** The one port: everything that people, programs and agents say to the cluster comes through here. */
export function createGateway(options: GatewayOptions): Gateway {
  const { hosts, clock, logger, people, api, telemetry } = options;
  const web = createWebProxy(options.webUrl);
  const sockets = createTrpcSockets({ people, clock, onSocket: (socket, request) => api.trpcWebSocket(socket, request) });
  const agentSockets = new WebSocketServer({ noServer: true, ...AGENT_WEBSOCKET });
  const apps = createAppProxy({ store: options.store, sessions: options.sessions, clock });

  const isUnknownHost = ({ host }: RequestFacts): boolean => !hosts.isKnown(host);
  const unknownHost = ({ host }: RequestFacts): CloudlessError => new CloudlessError('host_unknown', `This coordinator does not answer to the name ${JSON.stringify(host.slice(0, 255))}.`);
  const foreign = (request: IncomingMessage): CloudlessError =>
    new CloudlessError('origin_refused', `The request comes from ${JSON.stringify((request.headers.origin ?? 'another site').slice(0, 255))}, not from this dashboard.`);

  /** What every request goes through before its route, on the main port and on those of apps. */
  function admit(request: IncomingMessage): RequestFacts {
    const facts = readFacts(request, hosts);
    stripForged(request.headers);
    Object.assign(request.headers, forwardedHeaders(facts));
    return facts;
  }

  /** Elsewhere than on loopback, people's requests travel encrypted only. */
  function redirectsToTls({ encrypted, loopback, host }: RequestFacts, request: IncomingMessage, response: ServerResponse): boolean {
    if (encrypted || loopback) return false;
    response.writeHead(308, { location: `https://${host}${request.url ?? '/'}`, 'content-length': 0, connection: 'close' });
    response.end();
    return true;
  }

  function refusal(request: IncomingMessage, facts: RequestFacts, route: Route): { readonly error: CloudlessError; readonly status?: number } | undefined {
    if (isUnknownHost(facts)) return { error: unknownHost(facts) };
    if (changesState(request) && isForeign(request, facts)) return { error: foreign(request) };
    const limit = MAX_BODY_BYTES[route];
    const length = Number(request.headers['content-length'] ?? 0);
    if (length > limit) return { error: new CloudlessError('too_large', `The body has ${length} bytes; at most ${limit} are taken here.`, { params: { limit } }) };
    if (request.headers['transfer-encoding'] !== undefined) {
      return { error: new CloudlessError('too_large', 'The body comes without its length. Send Content-Length.'), status: 411 };
    }
    return undefined;
  }

  async function serveMetrics(request: IncomingMessage, response: ServerResponse, facts: RequestFacts): Promise<void> {
    const local = facts.loopback && isLoopbackName(parseHost(facts.host)?.name ?? '');
    if (!local && !(await people.authenticate(request.headers))) throw new CloudlessError('unauthenticated', 'Metrics are open to this machine, and to API tokens.');
    response.writeHead(200, { 'content-type': telemetry.contentType, 'cache-control': 'no-store' });
    response.end(await telemetry.text());
  }

  function sendState(response: ServerResponse, reasons: readonly string[]): void {
    response.writeHead(reasons.length === 0 ? 200 : 503, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(JSON.stringify(reasons.length === 0 ? { status: 'ok' } : { status: 'notReady', reasons }));
  }

  async function dispatch(route: Route, request: IncomingMessage, response: ServerResponse, facts: RequestFacts): Promise<void> {
    switch (route) {
      case 'trpc':
        return api.trpcHttp(request, response);
      case 'rest':
        return api.rest(request, response);
      case 'auth':
        return people.serve(request, response);
      case 'healthz':
        return sendState(response, []);
      case 'readyz':
        return sendState(response, options.notReady());
      case 'metrics':
        return serveMetrics(request, response, facts);
      case 'agent':
        return sendProblem(response, new CloudlessError('invalid_input', 'Agents speak WebSocket here.'), { status: 426 });
      case 'web':
        return web.serve(request, response, facts);
    }
  }

  /** Counts the answer however it ends. */
  function watch(response: ServerResponse, route: Route | 'app'): void {
    const end = telemetry.begin(route);
    response.once('close', () => end(response.statusCode));
  }

  function fail(response: ServerResponse, route: string, cause: unknown): void {
    const error = asError(cause);
    if (error.code === 'internal') logger.error({ op: 'gateway.request', outcome: 'failed', route, 'error.code': error.code }, cause);
    sendProblem(response, error);
  }

  function onRequest(request: IncomingMessage, response: ServerResponse): void {
    const route = routeOf(request.url);
    watch(response, route ?? 'web');
    const facts = admit(request);
    for (const [name, value] of Object.entries(securityHeaders(facts.scheme))) response.setHeader(name, value);
    if (route === undefined) {
      sendProblem(response, new CloudlessError('invalid_input', 'The request target is not a path.'), { close: true });
      return;
    }
    if (route !== 'agent' && redirectsToTls(facts, request, response)) return;
    const refused = refusal(request, facts, route);
    if (refused) {
      // What comes of its body is not wanted any more.
      response.shouldKeepAlive = false;
      sendNotice(response, refused.error, request.headers.accept, refused.status === undefined ? {} : { status: refused.status });
      return;
    }
    dispatch(route, request, response, facts).catch((cause: unknown) => fail(response, route, cause));
  }

  function onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const route = routeOf(request.url);
    const facts = admit(request);
    if (route === 'agent') {
      if (request.headers.origin === undefined) agentSockets.handleUpgrade(request, socket, head, (opened) => options.agents.acceptWebSocket(opened, request));
      else refuseUpgrade(socket, foreign(request));
      return;
    }
    if (!facts.encrypted && !facts.loopback) refuseUpgrade(socket, new CloudlessError('forbidden', 'Use wss:// here.'), 426);
    else if (isUnknownHost(facts)) refuseUpgrade(socket, unknownHost(facts));
    else if (isForeign(request, facts)) refuseUpgrade(socket, foreign(request));
    else if (route === 'trpc') sockets.upgrade(request, socket, head).catch((cause: unknown) => refuseUpgrade(socket, asError(cause)));
    else refuseUpgrade(socket, new CloudlessError('not_found', 'No WebSocket is served at this path.'));
  }

  const main = createPort({ clock, limits: options.limits?.main ?? MAIN_PORT_LIMITS, certificate: options.certificate, onRequest, onUpgrade });
  let certificate = options.certificate;

  const appPorts = createAppPorts({
    store: options.store,
    host: options.host,
    clock,
    logger,
    createPort: (find) =>
      createPort({
        clock,
        limits: options.limits?.app ?? APP_PORT_LIMITS,
        certificate,
        onRequest(request, response) {
          watch(response, 'app');
          const facts = admit(request);
          if (redirectsToTls(facts, request, response)) return;
          if (isUnknownHost(facts)) sendNotice(response, unknownHost(facts), request.headers.accept);
          else apps.serve(find(), request, response).catch((cause: unknown) => fail(response, 'app', cause));
        },
        onUpgrade(request, socket, head) {
          socket.on('error', () => socket.destroy());
          const facts = admit(request);
          if (!facts.encrypted && !facts.loopback) refuseUpgrade(socket, new CloudlessError('forbidden', 'Use wss:// here.'), 426);
          else if (isUnknownHost(facts)) refuseUpgrade(socket, unknownHost(facts));
          else apps.upgrade(find(), request, socket, head).catch((cause: unknown) => refuseUpgrade(socket, asError(cause)));
        },
      }),
  });

  return {
    async start() {
      const port = await main.listen(options.port, options.host);
      await appPorts.start();
      return port;
    },
    useCertificate(next) {
      certificate = next;
      main.useCertificate(next);
      appPorts.useCertificate(next);
    },
    get liveConnections() {
      return sockets.size;
    },
    appPorts,
    async stop() {
      sockets.stop();
      await Promise.all([main.stop(), appPorts.stop()]);
      web.stop();
    },
  };
}
