import { trustDomainOf } from '@cloudless/identity';
import { fingerprintOf } from './gateway/web-certificates.ts';
import type { HostPolicy } from './gateway/host-policy.ts';
import type { Ground } from './ground.ts';
import type { Staleness } from './lead.ts';
import type { ApiParts } from './parts.ts';

export type Described = {
  /** Trust bundle of the device authority, PEM. */
  readonly deviceBundle: string;
  readonly webCaFingerprint: string | undefined;
  readonly port: () => number;
  readonly staleness: Staleness;
};

/** Addresses to tell people, the most useful first. */
function listUrls(hosts: HostPolicy, publicUrl: URL | undefined, port: number): string[] {
  const scheme = hosts.loopbackOnly ? 'http' : 'https';
  // A link-local address means nothing without its interface.
  const reached = hosts.names().filter((name) => !name.startsWith('fe80:'));
  const own = reached.map((name) => `${scheme}://${name.includes(':') ? `[${name}]` : name}:${port}`);
  return [...new Set([...(publicUrl ? [publicUrl.origin] : []), ...own])];
}

/** The cluster as its page shows it. */
export const describeCluster =
  (
    { cluster, version, store, startedAt, hosts, config }: Ground,
    { staleness, deviceBundle, webCaFingerprint, port }: Described,
  ): ApiParts['describeCluster'] =>
  () => {
    const since = staleness.since();
    return {
      id: cluster.clusterId,
      version,
      epoch: cluster.epoch,
      revision: store.revision,
      startedAt,
      trustDomain: trustDomainOf(cluster.clusterId),
      deviceCaFingerprint: fingerprintOf(deviceBundle).publicKey,
      ...(webCaFingerprint === undefined ? {} : { webCaFingerprint }),
      urls: listUrls(hosts, config.publicUrl, port()),
      dataFolder: config.dataFolder,
      ...(since === undefined ? {} : { staleSince: since }),
    };
  };
