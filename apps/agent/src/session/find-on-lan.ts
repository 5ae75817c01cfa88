import { createHash } from 'node:crypto';
import { Bonjour } from 'bonjour-service';
import type { Clock } from '@cloudless/kernel';

/** DNS-SD type under which coordinators announce themselves. */
const SERVICE_TYPE = 'cloudless';
const SEARCH_MS = 1_500;
const MAX_FOUND = 16;

/** What a coordinator announces of its cluster: enough to know it again, not who it is. */
export const clusterMark = (clusterId: string): string => createHash('sha256').update(clusterId).digest('hex').slice(0, 16);

/**
 * Addresses of coordinators that announce themselves on the local network (mDNS, RFC 6762 and 6763).
 *
 * @param clusterId only those of this cluster; any when absent
 */
export async function findOnLan(clusterId: string | undefined, clock: Clock, signal: AbortSignal): Promise<readonly string[]> {
  const found = new Set<string>();
  const bonjour = new Bonjour({}, () => undefined);
  const browser = bonjour.find({ type: SERVICE_TYPE }, (service) => {
    const mark: unknown = (service.txt as Readonly<Record<string, unknown>> | undefined)?.['cluster'];
    if (clusterId !== undefined && mark !== clusterMark(clusterId)) return;
    for (const address of service.addresses ?? []) {
      if (found.size < MAX_FOUND && !address.startsWith('fe80:'))
        found.add(`${address.includes(':') ? `[${address}]` : address}:${service.port}`);
    }
  });
  try {
    await clock.sleep(SEARCH_MS, signal).catch(() => undefined);
    return [...found];
  } finally {
    browser.stop();
    bonjour.destroy();
  }
}
