import 'reflect-metadata';
import { createPublicKey, webcrypto } from 'node:crypto';
import { Pkcs10CertificateRequest, Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { describe, expect, it } from 'vitest';
import { createDeviceKey, createCsr } from '../device-key.ts';
import { readDer } from '../der.ts';
import { hashSpki, toPem } from '../pem.ts';
import { readCsr } from './read-csr.ts';

type Algorithm = Parameters<typeof webcrypto.subtle.generateKey>[0];

async function request(algorithm: Algorithm, signingAlgorithm: object = algorithm as object): Promise<string> {
  const keys = (await webcrypto.subtle.generateKey(algorithm as 'Ed25519', true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const made = await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=device',
    keys,
    signingAlgorithm: signingAlgorithm as { name: string; hash: string },
  });
  return made.toString('pem');
}

/** The key and the names of one, the signature of another. */
function graft(one: string, other: string): string {
  const [first, second] = [one, other].map((pem) => Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64'));
  const [signed, algorithm] = readDer(readDer(first ?? new Uint8Array())[0]?.body ?? new Uint8Array());
  const [, , signature] = readDer(readDer(second ?? new Uint8Array())[0]?.body ?? new Uint8Array());
  const body = Buffer.concat([signed?.bytes ?? [], algorithm?.bytes ?? [], signature?.bytes ?? []].map((bytes) => Uint8Array.from(bytes)));
  const head = body.byteLength < 256 ? [0x30, 0x81, body.byteLength] : [0x30, 0x82, body.byteLength >> 8, body.byteLength & 255];
  const text = Buffer.concat([Uint8Array.from(head), body]).toString('base64');
  return `-----BEGIN CERTIFICATE REQUEST-----\n${text}\n-----END CERTIFICATE REQUEST-----`;
}

const P256 = { name: 'ECDSA', namedCurve: 'P-256' };

describe('a certificate request', () => {
  it.each([
    ['P-256 with SHA-256', P256, { ...P256, hash: 'SHA-256' }],
    ['P-256 with SHA-384', P256, { ...P256, hash: 'SHA-384' }],
    ['Ed25519', { name: 'Ed25519' }, { name: 'Ed25519' }],
  ])('of %s is taken', async (_what, algorithm, signing) => {
    expect(readCsr(await request(algorithm, signing))).toMatchObject({ ok: true });
  });

  it('of this release is what a library reads, and reads as signed', async () => {
    const csr = createCsr(createDeviceKey());
    const read = new Pkcs10CertificateRequest(csr);
    expect(read.subject).toBe('CN=device');
    expect(await read.verify()).toBe(true);
    const key = createPublicKey({ key: Buffer.from(read.publicKey.rawData), format: 'der', type: 'spki' });
    const spki = key.export({ type: 'spki', format: 'der' });
    expect(readCsr(csr)).toEqual({ ok: true, value: { spki, keyHash: hashSpki(spki) } });
  });

  it('is refused whichever byte of it was changed or is missing', () => {
    const der = Buffer.from(createCsr(createDeviceKey()).replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
    for (let at = 0; at < der.byteLength; at += 1) {
      const changed = Buffer.from(der);
      changed[at] = (changed[at] ?? 0) ^ 0x41;
      for (const bytes of [changed, der.subarray(0, at)]) expect(readCsr(toPem('CERTIFICATE REQUEST', bytes))).toMatchObject({ ok: false });
    }
  });

  it('of a key that is not served is refused', async () => {
    const curve = { name: 'ECDSA', namedCurve: 'P-384' };
    expect(readCsr(await request(curve, { ...curve, hash: 'SHA-256' }))).toMatchObject({ ok: false, error: { message: /secp384r1/ } });
  });

  it.each([
    ['the same kind of key', { ...P256, hash: 'SHA-256' }],
    ['another kind', { name: 'Ed25519' }],
  ])('that carries the signature of %s is refused', async (_what, other) => {
    const mine = await request(P256, { ...P256, hash: 'SHA-256' });
    expect(readCsr(mine)).toMatchObject({ ok: true });
    expect(readCsr(graft(mine, await request(other as Algorithm, other)))).toMatchObject({ ok: false });
  });
});
