import { createHash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { toRecords, type GuardedWriter, type SqlDriver } from '@cloudless/db';
import { createWebCa, isPrivateName, issueWebCertificate, type Authority, type KeyWrap } from '@cloudless/identity/ca';
import type { Clock, Entropy } from '@cloudless/kernel';
import { CloudlessError } from '@cloudless/proto';
import type { Certificate } from './port.ts';

export type WebCertificatesOptions = {
  readonly driver: SqlDriver;
  readonly writer: Pick<GuardedWriter, 'write'>;
  readonly keyWrap: KeyWrap;
  readonly clock: Pick<Clock, 'now'>;
  readonly entropy: Entropy;
  /** Names and addresses under which the gateway is reached now. */
  readonly names: () => readonly string[];
};

export interface WebCertificates {
  /** What people install to trust the dashboard: PEM. */
  readonly authority: string;
  /** SHA-256 of the authority's certificate, hex. */
  readonly fingerprint: string;
  /** A new certificate for the names of now. */
  issue(): Promise<Certificate>;
}

const KEY_CONTEXT = 'web authority';
const isAddress = (name: string): boolean => isIP(name) !== 0;

/** Names beyond the private ones that the authority must be allowed to certify: part of what it is, so part of its id. */
const furtherNames = (names: readonly string[]): string[] => names.filter((name) => !isAddress(name) && !isPrivateName(name)).toSorted();

/** The authority for these further names, made when there is none. Another set of names is another authority. */
async function openAuthority(
  { driver, writer, keyWrap, clock, entropy }: WebCertificatesOptions,
  further: readonly string[],
): Promise<Authority> {
  const id = `web:${further.join(',')}`;
  const find = async (): Promise<Authority | undefined> => {
    const [row] = toRecords(
      await driver.query({ sql: "SELECT certificate, wrapped_private_key, not_after FROM ca WHERE id = ? AND kind = 'web'", params: [id] }),
    );
    const wrapped = row?.['wrapped_private_key'];
    if (!row || !(wrapped instanceof Uint8Array)) return undefined;
    return {
      certificate: String(row['certificate']),
      privateKey: keyWrap.unwrap(wrapped, KEY_CONTEXT),
      notAfter: Number(row['not_after']),
    };
  };
  const found = await find();
  if (found) return found;
  const made = await createWebCa({ names: further, now: clock.now(), entropy });
  await writer.write([
    {
      sql: "INSERT INTO ca (id, kind, certificate, wrapped_private_key, created_at, not_after) VALUES (?, 'web', ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      params: [id, made.certificate, keyWrap.wrap(made.privateKey, KEY_CONTEXT), clock.now(), made.notAfter],
    },
  ]);
  return (await find()) ?? made;
}

/** SHA-256 of a certificate in PEM and of its public key, hex. */
export function fingerprintOf(pem: string): { readonly certificate: string; readonly publicKey: string } {
  const certificate = new X509Certificate(pem);
  return {
    certificate: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    publicKey: createHash('sha256')
      .update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
      .digest('hex'),
  };
}

/** Certificates of the dashboard's HTTPS from the cluster's own web authority, whose key is stored wrapped. */
export async function openWebCertificates(options: WebCertificatesOptions): Promise<WebCertificates> {
  const further = furtherNames(options.names());
  const ca = await openAuthority(options, further);
  return {
    authority: ca.certificate,
    fingerprint: fingerprintOf(ca.certificate).certificate,
    async issue() {
      // A name that the authority may not certify would spoil the whole certificate.
      const permitted = options.names().filter((name) => isPrivateName(name) || further.includes(name));
      const { certificate, key } = await issueWebCertificate({
        ca,
        names: permitted.filter((name) => !isAddress(name)),
        ips: permitted.filter(isAddress),
        now: options.clock.now(),
        entropy: options.entropy,
      });
      return { cert: certificate, key };
    },
  };
}

/**
 * A certificate of one's own.
 *
 * @throws CloudlessError `config_invalid`
 */
export async function readCertificate({
  certPath,
  keyPath,
}: {
  readonly certPath: string;
  readonly keyPath: string;
}): Promise<Certificate> {
  const read = async (variable: string, path: string): Promise<string> => {
    try {
      return await readFile(path, 'utf8');
    } catch (cause) {
      throw new CloudlessError(
        'config_invalid',
        `${variable} ${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      );
    }
  };
  // One after the other: of two that are missing, the same is named each time.
  const cert = await read('CLOUDLESS_TLS_CERT', certPath);
  return { cert, key: await read('CLOUDLESS_TLS_KEY', keyPath) };
}
