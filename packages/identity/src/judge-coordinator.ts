import { X509Certificate } from 'node:crypto';
import { err, ok, type Result } from '@cloudless/kernel';
import type { ClusterId, CoordinatorId } from '@cloudless/proto';
import { hashCertificateKey } from './pem.ts';
import { trustDomainOf } from './spiffe-id.ts';
import { verifySvid, type Svid } from './verify-svid.ts';

export type CoordinatorTrust = {
  /** Trust bundle that came with the device's certificate, PEM. */
  readonly bundle: string;
  readonly clusterId: ClusterId;
  /** The device's best knowledge of the coordinator's time: never below the last that it heard. */
  readonly now: () => number;
};

/** Judge of a device that has joined: its cluster's CA and the coordinator's SPIFFE id, whatever the host is called. */
export const judgeCoordinator =
  (trust: CoordinatorTrust) =>
  (chain: readonly Uint8Array[]): Result<Svid, string> => {
    const svid = verifySvid(chain, trust.bundle, trust.now());
    if (!svid.ok) return err(svid.error.message);
    const isOurs = svid.value.subject.kind === 'coordinator' && svid.value.trustDomain === trustDomainOf(trust.clusterId);
    return isOurs ? svid : err('the certificate is of this cluster, but not of its coordinator');
  };

/** Judge of a coordinator that meets another: which one of this cluster's coordinators is there. */
export const judgePeer =
  (trust: CoordinatorTrust) =>
  (chain: readonly Uint8Array[]): Result<CoordinatorId, string> => {
    const svid = verifySvid(chain, trust.bundle, trust.now());
    if (!svid.ok) return err(svid.error.message);
    const { subject, trustDomain } = svid.value;
    if (trustDomain !== trustDomainOf(trust.clusterId)) return err('the certificate is of another cluster');
    return subject.kind === 'peer'
      ? ok(subject.coordinatorId)
      : err('the certificate is of this cluster, but not of a coordinator to others');
  };

/**
 * Judge of a device that joins: the coordinator must send the CA whose key the join token pins, and be certified by it. Validity in time
 * is not judged: a device with a wrong clock joins too, and the pin is stronger.
 */
export const judgePinned =
  (caHash: string) =>
  (chain: readonly Uint8Array[]): Result<Svid, string> => {
    const ca = chain
      .slice(1)
      .map(readCa)
      .find((candidate) => candidate !== undefined && hashCertificateKey(candidate) === caHash);
    if (!ca) return err('its certificate authority is not the one that the join token names');
    const svid = verifySvid(chain, ca.toString(), 0);
    const seen = svid.ok ? svid.value : svid.error.svid;
    if (!seen) return err(svid.ok ? '' : svid.error.message);
    return seen.subject.kind === 'coordinator' ? ok(seen) : err('the certificate is not of a coordinator');
  };

function readCa(der: Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

/** `hashCertificateKey` of the CA that a coordinator sends behind its certificate; `undefined` when it sends none. */
export const readAuthorityHash = (chain: readonly Uint8Array[]): string | undefined => {
  const ca = chain
    .slice(1)
    .map(readCa)
    .find((candidate) => candidate?.ca === true);
  return ca && hashCertificateKey(ca);
};

/**
 * Judge of a pairing: any coordinator that is certified by the CA it sends. Who it is, the four words say, which are over that CA's key.
 */
export const judgeUnpinned = (chain: readonly Uint8Array[]): Result<Svid, string> => {
  const caHash = readAuthorityHash(chain);
  return caHash === undefined ? err('it shows no certificate authority') : judgePinned(caHash)(chain);
};
