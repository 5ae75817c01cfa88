import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { err, ok, type Result } from '@cloudless/kernel';
import { DER, readDer, type DerElement } from '../der.ts';
import { hashSpki } from '../pem.ts';

export type CsrFault = { readonly message: string };
/** A request whose key was proved to be held. `spki` is that key as SubjectPublicKeyInfo, DER. */
export type ProvedCsr = { readonly keyHash: string; readonly spki: Uint8Array };

type Kind = 'ECDSA' | 'Ed25519';
/** By the object identifier, in hex (RFC 5758 §3.2, RFC 8410 §3). */
const ALGORITHMS: ReadonlyMap<string, { readonly kind: Kind; readonly hash: string | null }> = new Map([
  ['2a8648ce3d040302', { kind: 'ECDSA', hash: 'sha256' }],
  ['2a8648ce3d040303', { kind: 'ECDSA', hash: 'sha384' }],
  ['2a8648ce3d040304', { kind: 'ECDSA', hash: 'sha512' }],
  ['2b6570', { kind: 'Ed25519', hash: null }],
]);
const PEM = /^\s*-----BEGIN CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE REQUEST-----\s*$/;

/**
 * Reads a request (PKCS #10, RFC 2986) in PEM. Only its key is asked for, and whether it signed: names and attributes are not read, because the
 * coordinator gives them. A library that reads all of it took more time than everything else in a join but TLS.
 */
export function readCsr(csrPem: string): Result<ProvedCsr, CsrFault> {
  try {
    const [request] = elements(Buffer.from(PEM.exec(csrPem)?.[1] ?? '', 'base64'), DER.sequence);
    const [info, algorithm, signature] = elements(request.body, DER.sequence, DER.sequence, DER.bitString);
    const [, , spki] = elements(info.body, DER.integer, DER.sequence, DER.sequence, ATTRIBUTES);
    const key = createPublicKey({ key: Buffer.from(spki.bytes), format: 'der', type: 'spki' });
    const kind = kindOf(key);
    if (kind === undefined)
      return err({
        message: `keys of ${key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType} are not served: use P-256 or Ed25519`,
      });
    const [name] = elements(algorithm.body, DER.objectIdentifier);
    const signed = ALGORITHMS.get(Buffer.from(name.body).toString('hex'));
    // The first byte of a bit string counts the bits that its last byte does not use.
    if (signed?.kind !== kind || signature.body[0] !== 0 || !verify(signed.hash, info.bytes, key, signature.body.subarray(1)))
      return err({ message: 'the certificate request is not signed by its own key' });
    const canonical = encodeKey(key, spki.bytes);
    return ok({ keyHash: hashSpki(canonical), spki: canonical });
  } catch {
    return err({ message: 'the certificate request could not be read' });
  }
}

const ATTRIBUTES = 0xa0;

/**
 * Elements of these tags, and no more.
 * @throws RangeError when they are others
 */
function elements<const Tags extends readonly number[]>(bytes: Uint8Array, ...tags: Tags): { readonly [Index in keyof Tags]: DerElement } {
  const found = readDer(bytes);
  if (found.length !== tags.length || found.some(({ tag }, index) => tag !== tags[index])) throw new RangeError('these are other elements');
  return found as unknown as { readonly [Index in keyof Tags]: DerElement };
}

/** A P-256 key with an uncompressed point (RFC 5480 §2), up to the point's coordinates. */
const P256_PREFIX = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex');
const P256_BYTES = P256_PREFIX.byteLength + 64;

/** The key as node:crypto writes it, because what is signed is of our own encoding. To write it takes longer than to prove the signature, so one that came in that form is taken. */
function encodeKey(key: KeyObject, shown: Uint8Array): Uint8Array {
  const isCanonical = shown.byteLength === P256_BYTES && P256_PREFIX.equals(shown.subarray(0, P256_PREFIX.byteLength));
  return isCanonical ? shown : key.export({ type: 'spki', format: 'der' });
}

function kindOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): Kind | undefined {
  if (asymmetricKeyType === 'ed25519') return 'Ed25519';
  return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'ECDSA' : undefined;
}
