import { connect, createServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { describe, expect, it } from 'vitest';
import { createWebCa, isPrivateName, issueWebCertificate } from './index.ts';

const entropy = createRealEntropy();
const now = createRealClock().now();

/** What a client that trusts `ca` says of the certificate. */
async function judge(ca: string, identity: { certificate: string; key: string }, servername: string): Promise<string> {
  const server = createServer({ cert: identity.certificate, key: identity.key }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect({ port, host: '127.0.0.1', ca, ...(servername === '127.0.0.1' ? {} : { servername }) }, () => resolve('trusted'));
  socket.once('error', (error) => resolve(error.message));
  const verdict = await promise;
  socket.destroy();
  server.close();
  return verdict;
}

describe('the web authority', () => {
  it('certifies private names and addresses', async () => {
    const ca = await createWebCa({ now, entropy });
    const leaf = await issueWebCertificate({
      ca,
      names: ['nas.local', 'localhost'],
      ips: ['192.168.1.5', '127.0.0.1', 'fd00::1'],
      now,
      entropy,
    });
    expect(await judge(ca.certificate, leaf, 'nas.local')).toBe('trusted');
    expect(await judge(ca.certificate, leaf, '127.0.0.1')).toBe('trusted');
  });

  it('is worthless for any other name, unless that was named when it was made', async () => {
    const ca = await createWebCa({ now, entropy });
    const stolen = await issueWebCertificate({ ca, names: ['bank.example'], ips: [], now, entropy });
    expect(await judge(ca.certificate, stolen, 'bank.example')).toBe('permitted subtree violation');
    const named = await createWebCa({ names: ['cloud.example'], now, entropy });
    const leaf = await issueWebCertificate({ ca: named, names: ['cloud.example'], ips: [], now, entropy });
    expect(await judge(named.certificate, leaf, 'cloud.example')).toBe('trusted');
  });

  it('refuses to issue for nothing and for what is no address', async () => {
    const ca = await createWebCa({ now, entropy });
    await expect(issueWebCertificate({ ca, names: [], ips: [], now, entropy })).rejects.toMatchObject({ code: 'config_invalid' });
    await expect(issueWebCertificate({ ca, names: [], ips: ['1.2.3'], now, entropy })).rejects.toMatchObject({ code: 'config_invalid' });
  });

  it('tells private names from public ones', () => {
    expect(['localhost', 'nas.local', '10.1.2.3', '172.31.0.1', 'fe80::1', '100.64.0.1'].map(isPrivateName)).not.toContain(false);
    expect(['example.org', 'local.example.org', '8.8.8.8', '172.32.0.1', '2001:db8::1'].map(isPrivateName)).not.toContain(true);
  });
});
