import { writeFile } from 'node:fs/promises';
import { createGuardedWriter, type GuardedWriter, type SqlDriver } from '@cloudless/db';
import { CloudlessError } from '@cloudless/proto';
import type { Certificate } from './gateway/port.ts';
import { openWebCertificates, readCertificate, type WebCertificates } from './gateway/web-certificates.ts';
import type { Base, Ground } from './ground.ts';

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
  readonly follow: (port: { useCertificate(certificate: Certificate): void }, signal: AbortSignal) => void;
};

async function reissue(
  { clock }: Pick<Base, 'clock'>,
  certificates: WebCertificates,
  use: (certificate: Certificate) => void,
  signal: AbortSignal,
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
export function prepareHttps(ground: Ground): Promise<Https> {
  const { driver, cluster, clock, entropy } = ground;
  return openHttps(ground, driver, createGuardedWriter({ driver, clock, entropy, token: cluster.token }));
}

/** As a standby, which makes no authority: it uses the one that a leader made. @throws CloudlessError `no_leader` while there is none */
export const prepareStandbyHttps = (base: Base): Promise<Https> =>
  openHttps(base, base.database.driver, {
    write: () => Promise.reject(new CloudlessError('no_leader', 'No leader has made the web authority of this cluster yet.')),
  });

async function openHttps(base: Base, driver: SqlDriver, writer: Pick<GuardedWriter, 'write'>): Promise<Https> {
  const { config, hosts, paths, keyWrap, clock, entropy, logger } = base;
  const none = { fingerprint: undefined, authority: undefined, follow: () => undefined };
  if (config.tls) return { ...none, certificate: await readCertificate(config.tls) };
  if (hosts.loopbackOnly) return { ...none, certificate: undefined };
  const certificates = await openWebCertificates({ driver, writer, keyWrap, clock, entropy, names: () => hosts.names() });
  await writeFile(paths.webAuthority, certificates.authority, { mode: 0o644 });
  let current = await certificates.issue();
  return {
    get certificate() {
      return current;
    },
    fingerprint: certificates.fingerprint,
    authority: certificates.authority,
    follow(port, signal) {
      const use = (next: Certificate): void => {
        current = next;
        port.useCertificate(next);
      };
      reissue(base, certificates, use, signal).catch((cause: unknown) => {
        if (!signal.aborted) logger.error({ op: 'webCertificate.issue', outcome: 'failed' }, cause);
      });
    },
  };
}
