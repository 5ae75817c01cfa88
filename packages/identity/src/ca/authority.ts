import 'reflect-metadata';
import { createPrivateKey, type KeyObject, type webcrypto } from 'node:crypto';
import type { Entropy } from '@cloudless/kernel';
import {
  BasicConstraintsExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { createDeviceKey, loadKeyPair, P256 } from '../device-key.ts';
import { encodeNameConstraints, type Permitted } from '../der.ts';

/** A certificate authority as it is stored: certificate and PKCS #8 key, PEM. The key is a secret. */
export type Authority = { readonly certificate: string; readonly privateKey: string; readonly notAfter: number };

/** Backdating of what is issued, so that a device whose clock is a little behind takes it. */
export const BACKDATE_MS = 3_600_000;
const AUTHORITY_LIFE_MS = 10 * 365 * 86_400_000;
const NAME_CONSTRAINTS = '2.5.29.30';

/** The library takes Date objects; the instant itself is passed in. */
// oxlint-disable-next-line no-restricted-globals
export const toDate = (atMs: number): Date => new Date(atMs);

/** 126 random bits, positive and not zero (CA/Browser Forum asks for 64; RFC 5280 §4.1.2.2 for at most 20 bytes). */
export function createSerial(entropy: Entropy): string {
  const bytes = entropy.bytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

/** A new self-signed authority that can certify only the permitted names, and no further authority. */
export async function createAuthority(options: {
  readonly subject: string;
  readonly permitted: readonly Permitted[];
  readonly now: number;
  readonly entropy: Entropy;
}): Promise<Authority> {
  const privateKey = createDeviceKey();
  const keys = await loadKeyPair(privateKey);
  const notAfter = options.now + AUTHORITY_LIFE_MS;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: createSerial(options.entropy),
    name: options.subject,
    notBefore: toDate(options.now - BACKDATE_MS),
    notAfter: toDate(notAfter),
    keys,
    signingAlgorithm: P256,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      new Extension(NAME_CONSTRAINTS, true, Uint8Array.from(encodeNameConstraints(options.permitted))),
    ],
  });
  return { certificate: certificate.toString('pem'), privateKey, notAfter };
}

/** What an authority needs at hand to sign: its key for the library, and the same for node:crypto. */
export type Signer = { readonly certificate: X509Certificate; readonly privateKey: webcrypto.CryptoKey; readonly key: KeyObject };

export async function openSigner(authority: Authority): Promise<Signer> {
  return {
    certificate: new X509Certificate(authority.certificate),
    privateKey: (await loadKeyPair(authority.privateKey)).privateKey,
    key: createPrivateKey(authority.privateKey),
  };
}
