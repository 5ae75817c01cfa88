import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRqliteDriver } from '@cloudless/db/rqlite';
import { A_REAL_RQLITED, createRqliteDouble, rqlited, startRqlited, type RqliteDoubleOptions } from '@cloudless/db/testing';
import { nullLogger } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { describe, expect, it } from 'vitest';
import { parseConfig } from './config.ts';
import { makeDataFolders } from './data-folder.ts';
import { openDatabase } from './open-database.ts';
import { createStoreCertificates } from './testing/store-certificates.ts';

const ports = { clock: createRealClock(), entropy: createRealEntropy(), logger: nullLogger };

/** Opens the store at these addresses as a coordinator does; what it says, or `it opened`. */
async function opening(urls: readonly string[], more: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'cloudless-tls-'));
  try {
    const config = parseConfig({ CLOUDLESS_DATA: folder, CLOUDLESS_STORE_URL: urls.join(','), ...more });
    const { driver } = await openDatabase({ config, ...ports }, await makeDataFolders(folder));
    await driver.stop();
    return 'it opened';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The same with a double that has this certificate. */
async function openingDouble(
  tls: RqliteDoubleOptions['tls'],
  more: Readonly<Record<string, string>>,
  rewrite = (url: string): string => url,
): Promise<string> {
  await using double = await createRqliteDouble({ nodes: 3, ...(tls ? { tls } : {}) });
  return await opening(
    double.nodes.map(({ url }) => rewrite(url)),
    more,
  );
}

describe('a store over TLS', () => {
  it('is opened with its own authority, and a client certificate where it demands one', async () => {
    await using certificates = await createStoreCertificates(ports.clock.now());
    const [server, client] = [await certificates.issueServer('store'), await certificates.issueClient('coordinator')];
    expect(await openingDouble(server.tls, { CLOUDLESS_STORE_CA: server.ca })).toBe('it opened');
    const demanding = { ...server.tls, ca: client.authority, requestCert: true };
    const own = { CLOUDLESS_STORE_CA: server.ca, CLOUDLESS_STORE_CERT: client.cert, CLOUDLESS_STORE_KEY: client.key };
    expect(await openingDouble(demanding, own)).toBe('it opened');
  });

  it.each([
    ['an authority that nobody named', {}, {}, 'not signed by an authority that is trusted here (CLOUDLESS_STORE_CA names one)'],
    ['another authority', {}, { CLOUDLESS_STORE_CA: 'other' }, 'not signed by an authority that is trusted here'],
    ['a certificate that ran out', { agedDays: 200 }, { CLOUDLESS_STORE_CA: 'own' }, 'its certificate has expired'],
    ['a certificate for another address', { ips: ['127.0.0.2'] }, { CLOUDLESS_STORE_CA: 'own' }, 'its certificate is for other names'],
  ] as const)('is refused in one line: %s', async (_what, issued, more, said) => {
    await using certificates = await createStoreCertificates(ports.clock.now());
    const [server, other] = [await certificates.issueServer('store', issued), await certificates.issueServer('other')];
    const trusted = 'CLOUDLESS_STORE_CA' in more ? { CLOUDLESS_STORE_CA: more.CLOUDLESS_STORE_CA === 'own' ? server.ca : other.ca } : {};
    const message = await openingDouble(server.tls, trusted);
    expect(message).toContain(said);
    expect(message.split('\n')).toHaveLength(1);
  });

  it('is refused in one line: a client certificate that is demanded, and not there', async () => {
    await using certificates = await createStoreCertificates(ports.clock.now());
    const [server, client] = [await certificates.issueServer('store'), await certificates.issueClient('coordinator')];
    const message = await openingDouble({ ...server.tls, ca: client.authority, requestCert: true }, { CLOUDLESS_STORE_CA: server.ca });
    expect(message).toContain('it demands a client certificate and does not take ours (CLOUDLESS_STORE_CERT');
    expect(message.split('\n')).toHaveLength(1);
  });

  it('has taken nothing of a write whose client certificate it refused', async () => {
    await using certificates = await createStoreCertificates(ports.clock.now());
    const [server, client] = [await certificates.issueServer('store'), await certificates.issueClient('coordinator')];
    await using double = await createRqliteDouble({ nodes: 1, tls: { ...server.tls, ca: client.authority, requestCert: true } });
    const driver = createRqliteDriver({ urls: double.nodes.map(({ url }) => url), ...ports, tls: { ca: readFileSync(server.ca, 'utf8') } });
    const outcome = await driver.batch([{ sql: 'CREATE TABLE t (a)' }], { id: 'one' });
    await driver.stop();
    expect([outcome.kind, double.seen]).toEqual(['failed', []]);
  });

  it('is refused in one line: plain HTTP at an address that says https', async () => {
    const message = await openingDouble(undefined, {}, (url) => url.replace('http:', 'https:'));
    expect(message).toContain('it speaks plain HTTP');
    expect(message.split('\n')).toHaveLength(1);
  });
});

describe.skipIf(rqlited === undefined)(`${A_REAL_RQLITED} over TLS`, () => {
  it('is opened by whom it trusts, and refuses others in one line', async () => {
    await using certificates = await createStoreCertificates(ports.clock.now());
    const [server, client, stranger] = [
      await certificates.issueServer('store'),
      await certificates.issueClient('coordinator'),
      await certificates.issueClient('stranger'),
    ];
    const flags = ['-http-cert', server.cert, '-http-key', server.key, '-http-ca-cert', client.ca, '-http-verify-client'];
    const read = (path: string) => readFileSync(path, 'utf8');
    const tls = { ca: read(server.ca), cert: read(client.cert), key: read(client.key) };
    await using cluster = await startRqlited(rqlited ?? '', 1, { flags, tls });
    const urls = cluster.nodes.map(({ url }) => url);
    const as = ({ cert, key }: typeof client) => ({
      CLOUDLESS_STORE_CA: server.ca,
      CLOUDLESS_STORE_CERT: cert,
      CLOUDLESS_STORE_KEY: key,
    });
    expect(await opening(urls, as(client))).toBe('it opened');
    for (const refused of [as(stranger), { CLOUDLESS_STORE_CA: server.ca }])
      expect(await opening(urls, refused)).toMatch(/it demands a client certificate and does not take ours/);
    expect(await opening(urls, {})).toContain('not signed by an authority that is trusted here');
  }, 60_000);
});
