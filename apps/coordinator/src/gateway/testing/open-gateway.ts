import { createServer, type RequestListener } from 'node:http';
import { connect, createServer as createNetServer, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createStore, openCluster, type Store } from '@cloudless/db';
import { openSqlite } from '@cloudless/db/sqlite';
import { nullLogger } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { CloudlessError, type BatchId, type NodeId, type OrgId, type ProjectId, type StreamHeader, type UserId } from '@cloudless/proto';
import { buildAllocationRow, buildNodeRow, buildWorkloadRow } from '@cloudless/proto/testing';
import type { Caller } from '../../people/people.ts';
import { createGateway, type GatewayOptions } from '../gateway.ts';
import { createFront } from '../front.ts';
import { createHostPolicy } from '../host-policy.ts';
import { MAIN_PORT_LIMITS, type PortLimits } from '../limits.ts';

export const ADA: Caller = {
  kind: 'user',
  id: `usr_${'a'.repeat(26)}` as UserId,
  name: 'Ada',
  email: 'ada@example.org',
  orgId: `org_${'a'.repeat(26)}` as OrgId,
  projectId: `prj_${'a'.repeat(26)}` as ProjectId,
  role: 'owner',
  sessionId: 'one',
};

/** A real HTTP server on a port of its own. */
export async function listen(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { port, url: new URL(`http://127.0.0.1:${port}`), server, close };
}

/** A port that nobody listens on now. */
export async function findFreePort(): Promise<number> {
  const server = createNetServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Devices whose streams lead to local ports, by allocation. */
export function createFakeSessions() {
  const ports = new Map<string, number>();
  const opened: string[] = [];
  return {
    ports,
    opened,
    async openStream(nodeId: NodeId, header: StreamHeader): Promise<Duplex> {
      if (header.kind === 'file') throw new CloudlessError('internal', 'a coordinator asks a device for no file');
      opened.push(header.allocationId);
      const port = ports.get(header.allocationId);
      if (port === undefined) throw new CloudlessError('node_unreachable', `${nodeId} does not answer`);
      return connect(port, '127.0.0.1');
    },
  };
}

async function openStore() {
  const [clock, entropy] = [createRealClock(), createRealEntropy()];
  const { driver } = await openSqlite({ path: ':memory:', thread: 'inline', clock });
  const { token } = await openCluster({ driver, clock, entropy });
  const store = await createStore({ driver, clock, entropy, logger: nullLogger, token });
  return {
    store,
    async stop() {
      await store.stop();
      await driver.stop();
    },
  };
}

/** One app with so many ready replicas on one device, in the store. */
export async function deploy(store: Store, options: { readonly replicas: number; readonly gatewayPort: number; readonly name?: string }) {
  const entropy = createRealEntropy();
  const node = buildNodeRow();
  const spec = { replicas: options.replicas, ports: [{ name: 'http', containerPort: 80 }] };
  const workload = buildWorkloadRow(options.name ?? 'web', spec, { gatewayPort: options.gatewayPort });
  const allocations = Array.from({ length: options.replicas }, (_, slot) => buildAllocationRow(workload, node, slot));
  const outcome = await store.commit({
    id: entropy.id('batch') as BatchId,
    mutations: [
      ...(store.get('node', node.id) ? [] : [{ kind: 'put', table: 'node', row: node, expect: 'absent' } as const]),
      { kind: 'put', table: 'workload', row: workload, expect: 'absent' },
      ...allocations.map((row) => ({ kind: 'put', table: 'allocation', row, expect: 'absent' }) as const),
    ],
  });
  if (outcome.kind !== 'committed') throw new Error(`the test could not deploy: ${JSON.stringify(outcome)}`);
  return { workload, allocations, node };
}

export type OpenGatewayOptions = Partial<GatewayOptions> & {
  readonly publicUrl?: URL;
  readonly caller?: () => Caller | undefined;
  readonly mainLimits?: Partial<PortLimits>;
  readonly mainPort?: number;
};

/** A gateway on a port that the system chose, over a real store; what stands behind it answers with its own name. */
export async function openGateway(options: OpenGatewayOptions = {}) {
  const opened = await openStore();
  const sessions = createFakeSessions();
  const revoked = new Set<() => void>();
  const agents: string[] = [];
  const answer =
    (name: string): RequestListener =>
    (request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ name, headers: request.headers }));
    };
  const front = createFront({
    host: options.host ?? '127.0.0.1',
    port: options.mainPort ?? 0,
    clock: createRealClock(),
    limits: { ...MAIN_PORT_LIMITS, drainMs: 50, ...options.mainLimits },
    certificate: options.certificate,
  });
  const gateway = createGateway({
    host: '127.0.0.1',
    front,
    hosts: createHostPolicy({
      host: options.host ?? '127.0.0.1',
      publicUrls: options.publicUrl ? [options.publicUrl] : [],
      machine: () => ({ hostname: 'attic', addresses: ['192.168.1.20'] }),
    }),
    certificate: undefined,
    webUrl: undefined,
    clock: createRealClock(),
    logger: nullLogger,
    store: opened.store,
    sessions,
    people: {
      authenticate: () => Promise.resolve(options.caller?.()),
      serve(request, response) {
        answer('auth')(request, response as never);
        return Promise.resolve();
      },
      onRevoked(listener) {
        revoked.add(listener);
        return () => void revoked.delete(listener);
      },
    },
    api: {
      trpcHttp: (request, response) => answer('trpc')(request, response as never),
      rest: (request, response) => answer('rest')(request, response as never),
      trpcWebSocket: (socket) => socket.send('hello'),
    },
    agents: {
      acceptUpgrade({ socket, remoteAddress }) {
        agents.push(remoteAddress ?? '');
        socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n');
      },
    },
    telemetry: { contentType: 'text/plain', text: () => Promise.resolve('cloudless_up 1\n'), begin: () => () => undefined },
    notReady: () => [],
    staleSince: () => undefined,
    ...options,
    limits: { app: { ...MAIN_PORT_LIMITS, requestMs: 0, drainMs: 50 }, ...options.limits },
  });
  const port = await gateway.start();
  return {
    gateway,
    port,
    url: `http://127.0.0.1:${port}`,
    store: opened.store,
    sessions,
    agents,
    revoke: () => {
      for (const listener of revoked) listener();
    },
    async [Symbol.asyncDispose]() {
      await gateway.stop();
      await front.stop();
      await opened.stop();
    },
  };
}
