import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { err, ok, type Clock } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { createMemoryLogger } from '@cloudless/kernel/testing';
import { agentMessageSchema, coordinatorMessageSchema, LINK_PROTOCOL, MAX_CONTROL_BYTES, type NodeId } from '@cloudless/proto';
import type { Socket } from 'node:net';
import { vi } from 'vitest';
import type { ContractPair } from '../contract/link-contract.ts';
import { createLink } from '../create-link.ts';
import type { CoordinatorLink } from '../link.ts';
import { MAX_BULK_FRAME_BYTES } from '../stream-limits.ts';
import type { CarrierKind } from '../tls/carrier.ts';
import { createAgentEndpoint } from '../tls/index.ts';
import { lazyInnerContext } from '../tls/inner-tls.ts';
import { openInnerTls } from '../tls/open-inner-tls.ts';
import { startTcpProxy } from './tcp-proxy.ts';
import { THROWAWAY_IDENTITY } from './throwaway-identity.ts';
import { bothWays } from './weather.ts';

const entropy = createRealEntropy();
const nodeId = entropy.id('node') as NodeId;
const clock = createRealClock();

/** `linked` waits for the next link. */
export async function startEndpoint(
  endpointClock: Clock = clock,
  tls = false,
  admission: Parameters<typeof createAgentEndpoint>[0]['admission'] = {},
) {
  const { promise: linked, resolve } = Promise.withResolvers<CoordinatorLink>();
  const shown: number[] = [];
  const endpoint = createAgentEndpoint({
    identity: THROWAWAY_IDENTITY,
    bundle: THROWAWAY_IDENTITY.certificate,
    clock: endpointClock,
    entropy,
    admission,
    logger: createMemoryLogger(),
    authenticate(chain) {
      shown.push(chain.length);
      return chain.length > 0 ? ok(nodeId) : err({ code: 'certificate_refused', message: 'no certificate was shown', retry: false });
    },
    handshake: () => Promise.reject(new Error('the disk is full')),
    onLink: (link) => resolve(link),
  });
  const http = tls ? createHttpsServer({ cert: THROWAWAY_IDENTITY.certificate, key: THROWAWAY_IDENTITY.key }) : createHttpServer();
  const clients = new Set<Socket>();
  http.on('connection', (socket: Socket) => {
    clients.add(socket);
    socket.once('close', () => clients.delete(socket));
  });
  http.on('request', (_request, response) => response.writeHead(426).end());
  http.on('upgrade', (request, socket, head) => endpoint.acceptUpgrade({ request, socket, head, remoteAddress: undefined }));
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done));
  const { port } = http.address() as AddressInfo;
  const stop = (): void => {
    endpoint.stop();
    for (const socket of clients) socket.destroy();
    http.close();
  };
  /** As another program would that listens there. */
  const refuseUpgrades = (): void => void http.removeAllListeners('upgrade');
  return { url: `ws://127.0.0.1:${port}/agent`, port, linked, stop, shown, clients, http, refuseUpgrades };
}

/** A reverse proxy before a coordinator: it passes on what is below a path with a slash at both ends. */
export type Front = AsyncDisposable & { readonly port: number; readonly prefix: string; readonly isPlain?: boolean };

/** Ways to a coordinator: what the link promises holds on each. The network that breaks is the agent's. */
export async function createPair({
  tls = false,
  proxy = false,
  carrier = 'connection',
  later = false,
  startFront,
}: {
  readonly tls?: boolean;
  readonly proxy?: boolean;
  /** What the inner TLS has to get through in. */
  readonly carrier?: CarrierKind;
  /** The bulk path comes when it is asked for. */
  readonly later?: boolean;
  readonly startFront?: (upstreamPort: number) => Promise<Front>;
}): Promise<ContractPair> {
  const endpoint = await startEndpoint(clock, tls);
  const front = await startFront?.(endpoint.port);
  const relay = await startTcpProxy({ clock, entropy, target: { port: front?.port ?? endpoint.port }, asProxy: proxy });
  // A proxy is not asked for this machine; it joins to the endpoint whatever it is asked for.
  const host = proxy ? 'coordinator.test' : `127.0.0.1:${relay.port}`;
  const url = `${front ? (front.isPlain ? 'ws' : 'wss') : tls ? 'wss' : 'ws'}://${host}${front?.prefix ?? '/'}agent`;
  if (proxy)
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy']) vi.stubEnv(name, `http://127.0.0.1:${relay.port}`);
  const open = (maxFrameBytes: number, preamble: Parameters<typeof openInnerTls>[0]['preamble'], carrier?: CarrierKind) =>
    openInnerTls({
      url,
      carrier,
      context: lazyInnerContext(THROWAWAY_IDENTITY),
      judgeCoordinator: ok,
      signal: new AbortController().signal,
      clock,
      maxFrameBytes,
      preamble,
    });
  const control = await open(MAX_CONTROL_BYTES, { kind: 'control', protocol: LINK_PROTOCOL, ...(later ? { bulk: 'later' } : {}) });
  if (control.carrier !== carrier) throw new Error(`the inner TLS got through in a ${control.carrier}`);
  const { answer } = control;
  if (answer.kind !== 'opened') throw new Error(answer.kind);
  const openBulk = () => open(MAX_BULK_FRAME_BYTES, { kind: 'bulk', protocol: LINK_PROTOCOL, session: answer.session }, carrier);
  let bulk = later ? undefined : await openBulk();
  if (!later) vi.unstubAllEnvs();
  const attach = async (): Promise<void> => {
    bulk = await openBulk();
    agent.attachBulk(bulk.channel);
  };
  const agent = createLink({
    control: control.channel,
    bulk: bulk?.channel ?? { ask: () => void attach().catch(() => undefined) },
    role: 'dialler',
    outgoing: agentMessageSchema,
    incoming: coordinatorMessageSchema,
    clock,
  });
  return {
    agent,
    coordinator: await endpoint.linked,
    raw: {
      control: control.channel,
      async bulk() {
        await agent.bringBulk();
        if (!bulk) throw new Error('it was not opened');
        return bulk.channel;
      },
    },
    sever: () => relay.cut(),
    stall: () => relay.turn(bothWays({ isBlocked: true })),
    async [Symbol.asyncDispose]() {
      vi.unstubAllEnvs();
      await relay.stop();
      await front?.[Symbol.asyncDispose]();
      endpoint.stop();
    },
  };
}
