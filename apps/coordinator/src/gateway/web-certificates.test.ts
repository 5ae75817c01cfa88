import { X509Certificate } from 'node:crypto';
import { createGuardedWriter, openCluster } from '@cloudless/db';
import { openSqlite } from '@cloudless/db/sqlite';
import '@cloudless/identity';
import { createKeyWrap } from '@cloudless/identity/ca';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { describe, expect, it } from 'vitest';
import { openWebCertificates, readCertificate } from './web-certificates.ts';

async function openParts() {
  const [clock, entropy] = [createRealClock(), createRealEntropy()];
  const { driver } = await openSqlite({ path: ':memory:', thread: 'inline', clock });
  const { token } = await openCluster({ driver, clock, entropy });
  const writer = createGuardedWriter({ driver, clock, entropy, token });
  return { driver, writer, keyWrap: createKeyWrap(entropy.bytes(32), entropy), clock, entropy };
}

describe('the web authority', () => {
  it('is the same after a restart, and stored wrapped', async () => {
    const parts = await openParts();
    const names = () => ['attic.local', '192.168.1.20', 'localhost'];
    const first = await openWebCertificates({ ...parts, names });
    expect((await openWebCertificates({ ...parts, names })).fingerprint).toBe(first.fingerprint);
    const { rows } = await parts.driver.query({ sql: 'SELECT wrapped_private_key FROM ca' });
    expect(Buffer.from(rows[0]?.[0] as Uint8Array).toString('latin1')).not.toContain('PRIVATE KEY');
  });

  it('certifies the names and addresses of now', async () => {
    let names = ['attic.local', '192.168.1.20'];
    const certificates = await openWebCertificates({ ...(await openParts()), names: () => names });
    names = ['attic.local', '10.0.0.7', 'cafe.example.com', '8.8.8.8'];
    const leaf = new X509Certificate((await certificates.issue()).cert);
    expect(leaf.checkHost('attic.local')).toBe('attic.local');
    expect(leaf.checkIP('10.0.0.7')).toBe('10.0.0.7');
    // Neither is one that this authority may certify: with it the whole certificate would be refused.
    expect(leaf.checkHost('cafe.example.com')).toBeUndefined();
    expect(leaf.checkIP('8.8.8.8')).toBeUndefined();
    expect(leaf.verify(new X509Certificate(certificates.authority).publicKey)).toBe(true);
  });

  it('may certify the public name that it was made for', async () => {
    const certificates = await openWebCertificates({ ...(await openParts()), names: () => ['home.example.org', 'localhost'] });
    expect(new X509Certificate((await certificates.issue()).cert).checkHost('home.example.org')).toBe('home.example.org');
  });
});

describe('a certificate of one’s own', () => {
  it('that cannot be read is named with its variable', async () => {
    await expect(readCertificate({ certPath: '/nowhere/cert.pem', keyPath: '/nowhere/key.pem' })).rejects.toThrow(
      /CLOUDLESS_TLS_CERT \/nowhere\/cert.pem cannot be read/,
    );
  });
});
