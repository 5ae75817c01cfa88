import type { Store } from '@cloudless/db';
import { CloudlessError } from '@cloudless/proto';

/** Ports that serve apps, both included. */
export type PortRange = { readonly from: number; readonly to: number };

/**
 * The lowest port that no app has: what a workload with a TCP port gets when it is created, for as long as it exists.
 *
 * @throws CloudlessError `port_taken` when every port of the range is given
 */
export function allocateGatewayPort(store: Pick<Store, 'list'>, range: PortRange): number {
  const taken = new Set<number | undefined>([...store.list('workload')].map(({ row }) => row.gatewayPort));
  for (let port = range.from; port <= range.to; port += 1) if (!taken.has(port)) return port;
  throw new CloudlessError(
    'port_taken',
    `All ${range.to - range.from + 1} ports for apps (${range.from} to ${range.to}) are given. Delete an app, or widen CLOUDLESS_APP_PORTS.`,
  );
}
