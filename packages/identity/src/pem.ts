import { createHash, createPublicKey, X509Certificate } from 'node:crypto';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** RFC 7468. */
export function toPem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`].join('\n');
}

/** The certificates of a PEM text, in order; none when it holds none that can be read. */
export function readCertificates(pem: string): readonly X509Certificate[] {
  try {
    return (pem.match(CERTIFICATE) ?? []).map((text) => new X509Certificate(text));
  } catch {
    return [];
  }
}

/** Base64url of the SHA-256 of a SubjectPublicKeyInfo (RFC 7469 §2.4, in base64url). */
export const hashSpki = (spki: Uint8Array): string => createHash('sha256').update(spki).digest('base64url');

export const hashCertificateKey = (certificate: X509Certificate): string =>
  hashSpki(certificate.publicKey.export({ type: 'spki', format: 'der' }));

/** The same hash for a private key in PEM. */
export const hashPrivateKey = (privateKeyPem: string): string =>
  hashSpki(createPublicKey(privateKeyPem).export({ type: 'spki', format: 'der' }));
