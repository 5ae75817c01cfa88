import 'reflect-metadata';
import { generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto';
import type { ClusterId } from '@cloudless/proto';
import { createSeededEntropy } from '@cloudless/kernel/testing';
import { PublicKey } from '@peculiar/x509';
import { describe, expect, it } from 'vitest';
import { openSigner } from './authority.ts';
import { readDer } from '../der.ts';
import { createDeviceAuthority } from './index.ts';
import { issueLeaf } from './issue-leaf.ts';
import { createLeafTemplate } from './leaf-template.ts';

const SHAPE = { usage: ['client', 'server'], lifeMs: 24 * 3_600_000 } as const;
const COMMON_NAME = 'node_01jd6x2n7q9v4c8m5t3w0y1z2a';
const URI = `spiffe://cluster_01jd6x2n7q.cloudless/node/${COMMON_NAME}`;

const spkiOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });
const derOf = (pem: string): Buffer => new X509Certificate(pem).raw;
/** All but the signature, which P-256 draws by chance. */
const signedPart = (pem: string): string =>
  Buffer.from(readDer(readDer(derOf(pem))[0]?.body ?? derOf(pem))[0]?.bytes ?? []).toString('hex');

async function open() {
  const entropy = createSeededEntropy(7);
  const authority = await createDeviceAuthority({ clusterId: entropy.id('cluster') as ClusterId, now: 1_790_000_000_000, entropy });
  const signer = await openSigner(authority);
  return {
    signer,
    issuer: new X509Certificate(authority.certificate),
    template: await createLeafTemplate(signer, SHAPE, { now: 0, entropy }),
  };
}

describe('a template', () => {
  it.each([
    ['a P-256 key', generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey, 1_790_000_000_000],
    ['an Ed25519 key', generateKeyPairSync('ed25519').publicKey, 1_790_000_000_999],
    ['a life that ends in 2050', generateKeyPairSync('ed25519').publicKey, Date.UTC(2049, 11, 31, 12)],
    ['a life after 2050', generateKeyPairSync('ed25519').publicKey, Date.UTC(2061, 0, 1)],
  ])('makes the very certificate that the library makes, for %s', async (_what, key, now) => {
    const { signer, issuer, template } = await open();
    const spki = spkiOf(key);
    const leaf = template.fill({ commonName: COMMON_NAME, uri: URI, spki }, { now, entropy: createSeededEntropy(3) });
    const made = await issueLeaf(
      signer,
      { ...SHAPE, subject: `CN=${COMMON_NAME}`, names: [{ type: 'url', value: URI }], publicKey: new PublicKey(spki) },
      { now, entropy: createSeededEntropy(3) },
    );
    expect(signedPart(leaf.certificate)).toBe(signedPart(made.certificate));
    expect({ serial: leaf.serial, notAfter: leaf.notAfter }).toEqual({ serial: made.serial, notAfter: made.notAfter });
    expect(leaf.certificate.replaceAll(/[A-Za-z0-9+/=]{1,64}$/gm, '')).toBe(made.certificate.replaceAll(/[A-Za-z0-9+/=]{1,64}$/gm, ''));
    const read = new X509Certificate(leaf.certificate);
    expect([read.checkIssued(issuer), read.verify(issuer.publicKey), read.ca]).toEqual([true, true, false]);
    expect(read.subjectAltName).toBe(`URI:${URI}`);
  });

  it('gives each certificate a serial, a name and a key of its own', async () => {
    const { template } = await open();
    const entropy = createSeededEntropy(5);
    const made = ['node_a', 'node_b'].map((commonName) => {
      const { publicKey } = generateKeyPairSync('ed25519');
      const leaf = template.fill(
        { commonName, uri: `spiffe://c/${commonName}`, spki: spkiOf(publicKey) },
        { now: 1_790_000_000_000, entropy },
      );
      return { publicKey, read: new X509Certificate(leaf.certificate) };
    });
    expect(made.map(({ read, publicKey }) => read.publicKey.equals(publicKey))).toEqual([true, true]);
    expect(new Set(made.map(({ read }) => read.serialNumber)).size).toBe(2);
    expect(made.map(({ read }) => read.subject)).toEqual(['CN=node_a', 'CN=node_b']);
  });
});
