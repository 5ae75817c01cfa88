import { createHash } from 'node:crypto';
import { Bonjour } from 'bonjour-service';
import type { Logger } from '@cloudless/kernel';
import type { ClusterId } from '@cloudless/proto';

const SERVICE_TYPE = 'cloudless';

/** Enough to know a cluster again, not who it is: agents compute the same of their own. */
const clusterMark = (clusterId: ClusterId): string => createHash('sha256').update(clusterId).digest('hex').slice(0, 16);

/**
 * Says on the local network where this coordinator is (mDNS, RFC 6762 and 6763), for devices that find it at none of its addresses. What
 * goes wrong here breaks nothing.
 */
export function announce(clusterId: ClusterId, port: number, logger: Logger): { stop(): void } {
  const failed = (cause: unknown): void =>
    logger.info({ op: 'reach.announce', outcome: 'failed', reason: cause instanceof Error ? cause.message : String(cause) });
  const mark = clusterMark(clusterId);
  const bonjour = new Bonjour({}, failed);
  bonjour.publish({ name: `cloudless-${mark}`, type: SERVICE_TYPE, port, txt: { cluster: mark }, probe: false }).on('error', failed);
  return {
    stop() {
      bonjour.unpublishAll(() => bonjour.destroy());
    },
  };
}
