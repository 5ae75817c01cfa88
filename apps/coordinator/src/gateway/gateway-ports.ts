import { createServer } from 'node:net';
import type { Store } from '@cloudless/db';
import { CloudlessError } from '@cloudless/proto';

/** Ports that serve apps, both included. */
export type PortRange = { readonly from: number; readonly to: number };

/** Whether a port can be listened on; it is let go at once. */
export async function canListen(port: number, host: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  return promise;
}

/**
 * The lowest port that no app has and no other program holds: what a workload with a TCP port gets when it is created, for as long as
 * it exists.
 *
 * @param isFree whether no other program listens on it
 * @throws CloudlessError `port_taken` when no port of the range is left
 */
export async function allocateGatewayPort(
  store: Pick<Store, 'list'>,
  range: PortRange,
  isFree: (port: number) => Promise<boolean>,
): Promise<number> {
  const given = new Set<number | undefined>([...store.list('workload')].map(({ row }) => row.gatewayPort));
  for (let port = range.from; port <= range.to; port += 1) if (!given.has(port) && (await isFree(port))) return port;
  throw new CloudlessError(
    'port_taken',
    `All ${range.to - range.from + 1} ports for apps (${range.from} to ${range.to}) are given or held by other programs. Delete an app, or widen CLOUDLESS_APP_PORTS.`,
  );
}
