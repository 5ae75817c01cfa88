import { sign, X509Certificate } from 'node:crypto';
import { assert, type Entropy } from '@cloudless/kernel';
import { BACKDATE_MS, createSerial, toDate, type Signer } from './authority.ts';
import { DER, encodeCommonName, encodeDer, readDer, URI_NAME } from '../der.ts';
import { toPem } from '../pem.ts';
import { issueLeaf, type Leaf, type LeafRequest } from './issue-leaf.ts';

/** What differs from one leaf of a template to the next. */
export type LeafFields = {
  readonly commonName: string;
  /** Its only name. */
  readonly uri: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
};

/** Makes leaves that are alike but for a `LeafFields`. */
export interface LeafTemplate {
  fill(fields: LeafFields, at: { readonly now: number; readonly entropy: Entropy }): Leaf;
}

const SUBJECT_ALT_NAME = Buffer.from('0603551d11', 'hex');

/** RFC 5280 §4.1.2.5: two digits of the year until 2049, all four from then on. */
function encodeTime(atMs: number): Uint8Array {
  const digits = toDate(atMs)
    .toISOString()
    .replaceAll(/[-:T]|\.\d+/g, '');
  return Number(digits.slice(0, 4)) < 2050
    ? encodeDer(DER.utcTime, Buffer.from(digits.slice(2), 'ascii'))
    : encodeDer(DER.generalizedTime, Buffer.from(digits, 'ascii'));
}

const encodeUriName = (uri: string): Uint8Array =>
  encodeDer(
    DER.sequence,
    SUBJECT_ALT_NAME,
    encodeDer(DER.octetString, encodeDer(DER.sequence, encodeDer(URI_NAME, Buffer.from(uri, 'ascii')))),
  );

/**
 * The library makes one certificate, and the others are that one with other names, key, time and serial, signed by node:crypto: a
 * fortieth of the library's work for each, which is what a thousand devices that join together wait for.
 */
export async function createLeafTemplate(
  signer: Signer,
  shape: Pick<LeafRequest, 'usage' | 'lifeMs'>,
  at: { readonly now: number; readonly entropy: Entropy },
): Promise<LeafTemplate> {
  const pattern = await issueLeaf(
    signer,
    { ...shape, subject: 'CN=pattern', names: [{ type: 'url', value: 'spiffe://pattern' }], publicKey: signer.certificate.publicKey },
    at,
  );
  const parts = readPattern(new X509Certificate(pattern.certificate).raw);
  return {
    fill({ commonName, uri, spki }, { now, entropy }) {
      const serial = createSerial(entropy);
      const notAfter = now + shape.lifeMs;
      const tbs = encodeDer(
        DER.sequence,
        parts.version,
        encodeDer(DER.integer, Buffer.from(serial, 'hex')),
        parts.algorithm,
        parts.issuer,
        encodeDer(DER.sequence, encodeTime(now - BACKDATE_MS), encodeTime(notAfter)),
        encodeCommonName(commonName),
        spki,
        encodeDer(parts.extensionsTag, encodeDer(DER.sequence, ...parts.extensions.map((each) => each ?? encodeUriName(uri)))),
      );
      const signature = encodeDer(DER.bitString, Uint8Array.of(0), sign('sha256', tbs, signer.key));
      return { certificate: toPem('CERTIFICATE', encodeDer(DER.sequence, tbs, parts.algorithm, signature)), serial, notAfter };
    },
  };
}

/** The extension that names the subject is left out: `undefined` stands in its place. */
function readPattern(certificate: Uint8Array) {
  const [tbs] = readDer(readDer(certificate)[0]?.body ?? certificate);
  const [version, , algorithm, issuer, , , , extensions] = readDer(tbs?.body ?? certificate);
  assert(version && algorithm && issuer && extensions, 'the library makes certificates with extensions');
  const list = readDer(readDer(extensions.body)[0]?.body ?? extensions.body);
  return {
    version: version.bytes,
    algorithm: algorithm.bytes,
    issuer: issuer.bytes,
    extensionsTag: extensions.tag,
    extensions: list.map(({ bytes, body }) =>
      Buffer.from(body).subarray(0, SUBJECT_ALT_NAME.length).equals(SUBJECT_ALT_NAME) ? undefined : bytes,
    ),
  };
}
