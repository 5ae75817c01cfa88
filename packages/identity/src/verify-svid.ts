import { X509Certificate } from 'node:crypto';
import { err, ok, type Result } from '@cloudless/kernel';
import { validityOf } from './certificate-times.ts';
import { hashCertificateKey, readCertificates } from './pem.ts';
import { parseSpiffeId, type SpiffeSubject } from './spiffe-id.ts';

export type Svid = {
  readonly subject: SpiffeSubject;
  readonly trustDomain: string;
  /** Lowercase hexadecimal. */
  readonly serial: string;
  readonly notBefore: number;
  readonly notAfter: number;
  /** `hashSpki` of its key. */
  readonly keyHash: string;
};

export type SvidFault = {
  readonly code: 'absent' | 'malformed' | 'untrusted' | 'notSvid' | 'notYetValid' | 'expired';
  readonly message: string;
  /** Of an expired or not yet valid one that is otherwise good. */
  readonly svid?: Svid;
};

/** Clocks of devices are off by minutes without anybody noticing. */
const SKEW_MS = 5 * 60_000;

/**
 * Judges an X.509-SVID (SPIFFE X509-SVID §4 and §5): signed by a CA of the bundle, not itself a CA, exactly one URI name which is a SPIFFE id of a kind
 * we know, and valid at `now`.
 *
 * @param chain DER, leaf first. Intermediates are not in use: a leaf is signed by a CA of the bundle itself
 * @param bundle certificates of the trusted CAs, PEM
 * @param now ms since the epoch; the coordinator's time, also on a device whose clock is wrong
 */
export const verifySvid = (chain: readonly Uint8Array[], bundle: string, now: number): Result<Svid, SvidFault> =>
  verifyIssued(chain, readCertificates(bundle), now);

/** The same, for who judges many by one bundle. */
export function verifyIssued(chain: readonly Uint8Array[], bundle: readonly X509Certificate[], now: number): Result<Svid, SvidFault> {
  const leaf = readLeaf(chain);
  if (!leaf.ok) return leaf;
  const issuer = bundle.find((ca) => ca.ca && leaf.value.checkIssued(ca) && leaf.value.verify(ca.publicKey));
  if (!issuer) return err({ code: 'untrusted', message: 'the certificate was not issued by this cluster' });
  const identified = identify(leaf.value);
  if (!identified.ok) return identified;
  const svid = identified.value;
  if (now < svid.notBefore - SKEW_MS)
    return err({ code: 'notYetValid', message: 'the certificate is not valid yet: check the clocks', svid });
  if (now > svid.notAfter) return err({ code: 'expired', message: 'the certificate has expired', svid });
  return ok(svid);
}

function readLeaf(chain: readonly Uint8Array[]): Result<X509Certificate, SvidFault> {
  const [der] = chain;
  if (!der) return err({ code: 'absent', message: 'no certificate was shown' });
  try {
    return ok(new X509Certificate(der));
  } catch {
    return err({ code: 'malformed', message: 'the certificate could not be read' });
  }
}

function identify(leaf: X509Certificate): Result<Svid, SvidFault> {
  const name = /^URI:(spiffe:\/\/[a-z0-9./_-]+)$/.exec(leaf.subjectAltName ?? '')?.[1];
  const id = name === undefined ? undefined : parseSpiffeId(name);
  if (leaf.ca || !id) return err({ code: 'notSvid', message: 'the certificate carries no SPIFFE id that this release knows' });
  return ok({
    ...id,
    ...validityOf(leaf),
    serial: leaf.serialNumber.toLowerCase(),
    // Costs as much as the rest, and is asked for at a renewal only.
    get keyHash() {
      return hashCertificateKey(leaf);
    },
  });
}
