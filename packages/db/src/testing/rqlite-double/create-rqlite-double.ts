import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import type { RqliteCluster, RqliteClusterNode } from '../rqlite-cluster.ts';
import { createDoubleRaft } from './double-raft.ts';
import { createDoubleHandler, type Fault, type SeenRequest } from './serve-double.ts';

export type { Fault, SeenRequest } from './serve-double.ts';

export type RqliteDoubleOptions = {
  readonly nodes: 1 | 3;
  /** Decides what goes wrong with a request; `undefined` serves it. */
  readonly fault?: (request: SeenRequest) => Fault | undefined;
  /** Called with each write as it is committed, in order. */
  readonly onCommit?: (request: SeenRequest) => void;
  readonly auth?: { readonly username: string; readonly password: string };
  /** Serves HTTPS. `ca` and `requestCert` demand a client's certificate. */
  readonly tls?: ServerOptions;
  /** Wall clock of the node of that index. Default: an hour apart each, from 1970. */
  readonly nowAt?: (index: number) => number;
};

/** An rqlite cluster in this process, on loopback, with faults on demand. For tests: its databases are in memory. */
export interface RqliteDouble extends RqliteCluster {
  /** No node leads until `elect`. */
  depose(): void;
  /** `believes`: the old leader does not notice, so that its weak reads are stale. */
  elect(id?: string, options?: { readonly believes?: boolean }): void;
  /** The node applies nothing until `release`. */
  hold(id: string): void;
  release(id: string): void;
  /**
   * Another way to each node, in their order: whoever asks by one of these addresses is told these of the others too, as by nodes of
   * which each has a network of its own to every asker.
   */
  advertise(urls: readonly string[]): void;
  readonly seen: readonly SeenRequest[];
}

/** Requests remembered for `seen`. */
const SEEN_KEPT = 10_000;

/**
 * A double of rqlite's HTTP API for tests, held to the same suite as a real `rqlited` (`contract/rqlite-http-contract.ts`). It refuses
 * what rqlite refuses and accepts what rqlite accepts, `BEGIN` and diverging defaults included.
 */
export async function createRqliteDouble(options: RqliteDoubleOptions): Promise<RqliteDouble> {
  const { nodes: count, fault, onCommit = () => undefined, auth, tls, nowAt = (index) => index * 3_600_000 } = options;
  const raft = createDoubleRaft(count, nowAt);
  const servers = new Map<string, Server>();
  const nodes: RqliteClusterNode[] = [];
  const seen: SeenRequest[] = [];
  const ways: (readonly string[])[] = [];

  function urlOf(id: string, host: string): string {
    const index = nodes.findIndex((node) => node.id === id);
    const way = ways.find((urls) => urls.some((url) => URL.parse(url)?.host === host));
    return way?.[index] ?? nodes[index]?.url ?? '';
  }

  for (const member of raft.members) {
    const handler = createDoubleHandler({
      raft,
      member,
      urlOf,
      onCommit,
      auth,
      fault(request) {
        if (seen.length < SEEN_KEPT) seen.push(request);
        return fault?.(request);
      },
    });
    const listener = (...[request, response]: Parameters<typeof handler>): void => void handler(request, response);
    const server = tls ? createHttpsServer(tls, listener) : createHttpServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    servers.set(member.id, server);
    nodes.push({ id: member.id, url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}` });
  }

  async function shut(id: string): Promise<void> {
    const server = servers.get(id);
    if (!server) return;
    servers.delete(id);
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  function leaderNode(): RqliteClusterNode {
    const id = raft.leader()?.id;
    const node = nodes.find((candidate) => candidate.id === id);
    if (!node) throw new Error('the cluster has no leader');
    return node;
  }

  return {
    nodes,
    seen,
    leader: () => Promise.resolve(leaderNode()),
    changeLeader() {
      raft.elect();
      return Promise.resolve();
    },
    async killLeader() {
      const { id } = leaderNode();
      raft.kill(id);
      await shut(id);
      raft.elect();
    },
    advertise: (urls) => void ways.push(urls),
    depose: () => raft.depose(),
    elect: (id, how) => raft.elect(id, how),
    hold: (id) => raft.hold(id),
    release: (id) => raft.release(id),
    async [Symbol.asyncDispose]() {
      await Promise.all(Array.from(servers.keys(), shut));
      raft.close();
    },
  };
}
