import 'reflect-metadata';
import { createPrivateKey, createPublicKey, generateKeyPairSync, webcrypto } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';

export const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A device's own private key, PKCS #8 in PEM. P-256: what TPMs and secure enclaves hold, and every browser verifies. It never leaves the device. */
export function createDeviceKey(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Both halves for signing with WebCrypto. */
export async function loadKeyPair(privateKeyPem: string): Promise<webcrypto.CryptoKeyPair> {
  const privateDer = createPrivateKey(privateKeyPem).export({ type: 'pkcs8', format: 'der' });
  const publicDer = createPublicKey(privateKeyPem).export({ type: 'spki', format: 'der' });
  return {
    privateKey: await webcrypto.subtle.importKey('pkcs8', privateDer, P256, true, ['sign']),
    publicKey: await webcrypto.subtle.importKey('spki', publicDer, P256, true, ['verify']),
  };
}

/** A certificate request (PKCS #10, RFC 2986) in PEM. It proves that the key is held; who gets which name is the coordinator's to say. */
export async function createCsr(privateKeyPem: string): Promise<string> {
  const keys = await loadKeyPair(privateKeyPem);
  const request = await Pkcs10CertificateRequestGenerator.create({ name: 'CN=device', keys, signingAlgorithm: P256 });
  return request.toString('pem');
}
