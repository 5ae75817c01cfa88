import type { Store } from '@cloudless/db';
import type { Clock, Logger } from '@cloudless/kernel';
import type { WorkloadId } from '@cloudless/proto';
import type { NodeSessions } from '../node-sessions/node-sessions.ts';
import type { Attendance } from '../leadership/peer/attendance.ts';
import type { PeerDoor } from '../leadership/peer/peer-door.ts';
import type { Installer } from '../install/create-installer.ts';
import type { People } from '../people/people.ts';
import { createAdmission } from './admission.ts';
import { createAppPorts, type AppPorts } from './app-ports.ts';
import { createAppProxy } from './app-proxy.ts';
import { createAppRoutes } from './app-routes.ts';
import type { Front } from './front.ts';
import type { HostPolicy } from './host-policy.ts';
import { APP_PORT_LIMITS, type PortLimits } from './limits.ts';
import { createMainRoutes, type AgentSockets, type ApiEndpoints, type GatewayTelemetry } from './main-routes.ts';
import { createPort, type Certificate, type PortHandlers } from './port.ts';
import { createTrpcSockets } from './trpc-sockets.ts';
import { createWebProxy } from './web-proxy.ts';

export type GatewayOptions = {
  readonly host: string;
  readonly front: Front;
  /** The door for other coordinators; absent where there is only one. */
  readonly peers?:
    | { readonly door: Pick<PeerDoor, 'before' | 'lead'>; readonly attendance: Pick<Attendance, 'serve' | 'tellPorts'> }
    | undefined;
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
  readonly staleSince: () => number | undefined;
  readonly limits?: { readonly app?: PortLimits };
};

export interface Gateway {
  /** Answers on the port, and opens those of apps. @returns the port */
  start(): Promise<number>;
  useCertificate(certificate: Certificate): void;
  readonly liveConnections: number;
  readonly appPorts: Pick<AppPorts, 'problems'>;
  stop(): Promise<void>;
}

/** Which app has which port. */
const portOwners = (store: Pick<Store, 'list'>): ReadonlyMap<number, WorkloadId> =>
  new Map([...store.list('workload')].flatMap(({ row }) => (row.gatewayPort === undefined ? [] : [[row.gatewayPort, row.id] as const])));

/** The one port: everything that people, programs and agents say to the cluster comes through here. */
export function createGateway(options: GatewayOptions): Gateway {
  const { clock, logger, people, api, telemetry, store, sessions } = options;
  const admission = createAdmission(options.hosts);
  const web = createWebProxy(options.webUrl);
  const sockets = createTrpcSockets({ people, clock, onSocket: (socket, request) => api?.trpcWebSocket(socket, request) });
  const { agents, notReady, staleSince, installer, front, peers } = options;
  const mainRoutes = createMainRoutes({ admission, people, api, agents, sockets, web, installer, telemetry, logger, notReady, staleSince });
  const appRoutes = createAppRoutes({ admission, apps: createAppProxy({ store, sessions, clock }), telemetry, logger });

  let certificate = options.certificate;
  const { app: appLimits = APP_PORT_LIMITS } = options.limits ?? {};
  const appPorts = createAppPorts({
    wanted: () => portOwners(store),
    onChange: (listener) =>
      store.onCommit(({ changes }) => {
        if (changes.some((change) => change.kind !== 'event' && change.table === 'workload')) listener();
      }),
    onOpened: (open) => peers?.attendance.tellPorts(open),
    host: options.host,
    clock,
    logger,
    createPort: (find) => createPort({ clock, limits: appLimits, certificate, handlers: appRoutes(find) }),
  });

  return {
    async start() {
      if (peers) {
        const app = (port: number): PortHandlers => appRoutes(() => portOwners(store).get(port));
        peers.door.lead({ routes: { main: mainRoutes, app }, attend: (...call) => peers.attendance.serve(...call) });
      }
      front.use(peers?.door.before(mainRoutes) ?? mainRoutes);
      const port = await front.listen();
      await appPorts.start();
      return port;
    },
    useCertificate(next) {
      certificate = next;
      front.useCertificate(next);
      appPorts.useCertificate(next);
    },
    get liveConnections() {
      return sockets.size;
    },
    appPorts,
    async stop() {
      sockets.stop();
      await appPorts.stop();
      web.stop();
    },
  };
}
