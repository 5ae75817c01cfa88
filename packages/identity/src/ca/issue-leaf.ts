import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import type { Entropy } from '@cloudless/kernel';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type JsonGeneralName,
  type PublicKey,
} from '@peculiar/x509';
import { P256 } from '../device-key.ts';
import { BACKDATE_MS, createSerial, toDate, type Signer } from './authority.ts';

export type LeafRequest = {
  readonly subject: string;
  readonly names: readonly JsonGeneralName[];
  readonly publicKey: PublicKey | webcrypto.CryptoKey;
  readonly usage: readonly ('client' | 'server')[];
  readonly lifeMs: number;
};
export type Leaf = { readonly certificate: string; readonly serial: string; readonly notAfter: number };

/** Signs one certificate that is not an authority. */
export async function issueLeaf(
  signer: Signer,
  request: LeafRequest,
  at: { readonly now: number; readonly entropy: Entropy },
): Promise<Leaf> {
  const serial = createSerial(at.entropy);
  const notAfter = at.now + request.lifeMs;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial,
    subject: request.subject,
    issuer: signer.certificate.subject,
    notBefore: toDate(at.now - BACKDATE_MS),
    notAfter: toDate(notAfter),
    publicKey: request.publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: P256,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension(
        request.usage.map((usage) => (usage === 'client' ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth)),
      ),
      new SubjectAlternativeNameExtension([...request.names], request.subject === ''),
      await AuthorityKeyIdentifierExtension.create(signer.certificate),
    ],
  });
  return { certificate: certificate.toString('pem'), serial, notAfter };
}
