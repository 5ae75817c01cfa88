import 'reflect-metadata';
import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { assert, err, ok, type Result } from '@cloudless/kernel';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { readDer } from '../der.ts';
import { hashSpki } from '../pem.ts';

export type CsrFault = { readonly message: string };
/** A request whose key was proved to be held. `spki` is that key as SubjectPublicKeyInfo, DER. */
export type ProvedCsr = { readonly keyHash: string; readonly spki: Uint8Array };

/**
 * Reads a request (PKCS #10, RFC 2986) in PEM. The library judges its form; its key and its signature are node:crypto's to read, which
 * takes a third of the time.
 */
export function readCsr(csrPem: string): Result<ProvedCsr, CsrFault> {
  try {
    const request = new Pkcs10CertificateRequest(csrPem);
    const [info] = readDer(readDer(new Uint8Array(request.rawData))[0]?.body ?? new Uint8Array());
    const [, , spki] = readDer(info?.body ?? new Uint8Array());
    assert(info && spki, 'a request that the library reads names a key');
    const key = createPublicKey({ key: Buffer.from(spki.bytes), format: 'der', type: 'spki' });
    const kind = kindOf(key);
    if (kind === undefined)
      return err({
        message: `keys of ${key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType} are not served: use P-256 or Ed25519`,
      });
    const { name, hash } = request.signatureAlgorithm as { readonly name: string; readonly hash?: { readonly name: string } };
    if (name !== kind || !verify(hash?.name ?? null, info.bytes, key, new Uint8Array(request.signature)))
      return err({ message: 'the certificate request is not signed by its own key' });
    // As node:crypto writes it: what is signed is of our own encoding.
    const exported = key.export({ type: 'spki', format: 'der' });
    return ok({ keyHash: hashSpki(exported), spki: exported });
  } catch {
    return err({ message: 'the certificate request could not be read' });
  }
}

/** As the library names the algorithm of its signatures. */
function kindOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): 'Ed25519' | 'ECDSA' | undefined {
  if (asymmetricKeyType === 'ed25519') return 'Ed25519';
  return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'ECDSA' : undefined;
}
