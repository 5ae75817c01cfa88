import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, webcrypto } from 'node:crypto';
import { DER, encodeCommonName, encodeDer } from './der.ts';
import { toPem } from './pem.ts';

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

const VERSION_1 = encodeDer(DER.integer, Uint8Array.of(0));
/** Whatever it says, the coordinator names the device. */
const SUBJECT = encodeCommonName('device');
const NO_ATTRIBUTES = encodeDer(0xa0);
const ECDSA_WITH_SHA256 = encodeDer(DER.sequence, encodeDer(DER.objectIdentifier, Buffer.from('2a8648ce3d040302', 'hex')));

/**
 * A certificate request (PKCS #10, RFC 2986) in PEM. It proves that the key is held; who gets which name is the coordinator's to say. Put together here: an
 * agent would load a library for nothing else.
 */
export function createCsr(privateKeyPem: string): string {
  const key = createPrivateKey(privateKeyPem);
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const info = encodeDer(DER.sequence, VERSION_1, SUBJECT, spki, NO_ATTRIBUTES);
  const signature = encodeDer(DER.bitString, Uint8Array.of(0), sign('sha256', info, key));
  return toPem('CERTIFICATE REQUEST', encodeDer(DER.sequence, info, ECDSA_WITH_SHA256, signature));
}
