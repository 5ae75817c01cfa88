import type { Store } from '@cloudless/db';
import type { Clock, Logger } from '@cloudless/kernel';
import type { NodeSessions } from '../node-sessions/node-sessions.ts';
import type { Installer } from '../install/create-installer.ts';
import type { People } from '../people/people.ts';
import { createAdmission } from './admission.ts';
import { createAppPorts, type AppPorts } from './app-ports.ts';
import { createAppProxy } from './app-proxy.ts';
import { createAppRoutes } from './app-routes.ts';
import type { HostPolicy } from './host-policy.ts';
import { APP_PORT_LIMITS, MAIN_PORT_LIMITS, type PortLimits } from './limits.ts';
import { createMainRoutes, type AgentSockets, type ApiEndpoints, type GatewayTelemetry } from './main-routes.ts';
import { createPort, type Certificate } from './port.ts';
import { createTrpcSockets } from './trpc-sockets.ts';
import { createWebProxy } from './web-proxy.ts';

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
  /** Absent: its routes answer 404. */
  readonly api: ApiEndpoints | undefined;
  readonly agents: AgentSockets;
  readonly installer?: Pick<Installer, 'serve'> | undefined;
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

/** The one port: everything that people, programs and agents say to the cluster comes through here. */
export function createGateway(options: GatewayOptions): Gateway {
  const { clock, logger, people, api, telemetry, store, sessions } = options;
  const admission = createAdmission(options.hosts);
  const web = createWebProxy(options.webUrl);
  const sockets = createTrpcSockets({ people, clock, onSocket: (socket, request) => api?.trpcWebSocket(socket, request) });
  const { agents, notReady, installer } = options;
  const mainRoutes = createMainRoutes({ admission, people, api, agents, sockets, web, installer, telemetry, logger, notReady });
  const appRoutes = createAppRoutes({ admission, apps: createAppProxy({ store, sessions, clock }), telemetry, logger });

  let certificate = options.certificate;
  const { main: mainLimits = MAIN_PORT_LIMITS, app: appLimits = APP_PORT_LIMITS } = options.limits ?? {};
  const main = createPort({ clock, limits: mainLimits, certificate, handlers: mainRoutes });
  const appPorts = createAppPorts({
    store,
    host: options.host,
    clock,
    logger,
    createPort: (find) => createPort({ clock, limits: appLimits, certificate, handlers: appRoutes(find) }),
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
