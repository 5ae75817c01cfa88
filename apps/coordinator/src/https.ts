import { writeFile } from 'node:fs/promises';
import { createGuardedWriter } from '@cloudless/db';
import type { Gateway } from './gateway/gateway.ts';
import type { Certificate } from './gateway/port.ts';
import { openWebCertificates, readCertificate, type WebCertificates } from './gateway/web-certificates.ts';
import type { Ground } from './ground.ts';

/** Certificates are issued anew this often, for names and addresses that came meanwhile. */
const REISSUE_MS = 12 * 3_600_000;

export type Https = {
  /** Absent on loopback, where plain HTTP is served alone. */
  readonly certificate: Certificate | undefined;
  /** Of the cluster's web authority, when it is the issuer. */
  readonly fingerprint: string | undefined;
  /** Its certificate, PEM. */
  readonly authority: string | undefined;
  /** Keeps the gateway's certificate fresh until the stop. */
  readonly follow: (gateway: Pick<Gateway, 'useCertificate'>) => void;
};

async function reissue(
  { clock, lifecycle: { signal } }: Ground,
  certificates: WebCertificates,
  use: (certificate: Certificate) => void,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(REISSUE_MS, signal);
    use(await certificates.issue());
  }
}

/**
 * The certificate of the dashboard: one's own, or off loopback one of the cluster's web authority.
 *
 * @throws CloudlessError `config_invalid`, `store_unavailable`
 */
export async function prepareHttps(ground: Ground): Promise<Https> {
  const { config, hosts, paths, driver, keyWrap, cluster, clock, entropy, logger, lifecycle } = ground;
  const none = { fingerprint: undefined, authority: undefined, follow: () => undefined };
  if (config.tls) return { ...none, certificate: await readCertificate(config.tls) };
  if (hosts.loopbackOnly) return { ...none, certificate: undefined };
  const writer = createGuardedWriter({ driver, clock, entropy, token: cluster.token });
  const certificates = await openWebCertificates({ driver, writer, keyWrap, clock, entropy, names: () => hosts.names() });
  await writeFile(paths.webAuthority, certificates.authority, { mode: 0o644 });
  let current = await certificates.issue();
  return {
    get certificate() {
      return current;
    },
    fingerprint: certificates.fingerprint,
    authority: certificates.authority,
    follow(gateway) {
      const use = (next: Certificate): void => {
        current = next;
        gateway.useCertificate(next);
      };
      reissue(ground, certificates, use).catch((cause: unknown) => {
        if (!lifecycle.signal.aborted) logger.error({ op: 'webCertificate.issue', outcome: 'failed' }, cause);
      });
    },
  };
}
