import { X509Certificate } from 'node:crypto';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import '@cloudless/identity';
import { createWebCa, issueWebCertificate } from '@cloudless/identity/ca';
import { networkInterfaces } from 'node:os';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from 'vitest';
import type { Certificate } from './port.ts';
import { openGateway } from './testing/open-gateway.ts';
import { ask, sendRaw } from './testing/raw-request.ts';

const entropy = createRealEntropy();
const clock = createRealClock();

async function issue(): Promise<Certificate> {
  const ca = await createWebCa({ now: clock.now(), entropy });
  const { certificate, key } = await issueWebCertificate({ ca, names: ['localhost'], ips: ['127.0.0.1'], now: clock.now(), entropy });
  return { cert: certificate, key };
}

/** An address of this machine that is not loopback; some sandboxes have none. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === 'IPv4' && !address.internal)?.address;

const serialAt = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.serialNumber ?? '');
      socket.destroy();
    });
    socket.once('error', reject);
  });

describe('one port for both', () => {
  it('speaks TLS to a first byte of TLS, and plain HTTP to loopback', async () => {
    await using opened = await openGateway({ certificate: await issue(), publicUrl: new URL('https://home.example.org') });
    const secure = await ask(`https://127.0.0.1:${opened.port}/api/v1/me`);
    expect(secure.status).toBe(200);
    expect((secure.json() as { headers: Record<string, string> }).headers['x-forwarded-proto']).toBe('https');
    expect(secure.headers['strict-transport-security']).toBeUndefined();
    const named = await ask(`https://127.0.0.1:${opened.port}/healthz`, { headers: { host: 'home.example.org' } });
    expect(named.headers['strict-transport-security']).toBe('max-age=86400');
    expect((await ask(`${opened.url}/healthz`)).status).toBe(200);
  });

  it('survives a handshake that breaks off', async () => {
    await using opened = await openGateway({ certificate: await issue() });
    await sendRaw(opened.port, '\u0016\u0003\u0001\u0000\u0005hello');
    expect((await ask(`https://localhost:${opened.port}/healthz`)).status).toBe(200);
  });

  it('takes a renewed certificate for new connections', async () => {
    const [first, second] = [await issue(), await issue()];
    await using opened = await openGateway({ certificate: first });
    expect(await serialAt(opened.port)).toBe(new X509Certificate(first.cert).serialNumber);
    opened.gateway.useCertificate(second);
    expect(await serialAt(opened.port)).toBe(new X509Certificate(second.cert).serialNumber);
  });

  it.skipIf(outside === undefined)('sends plain requests from elsewhere to HTTPS, but agents not', async () => {
    await using opened = await openGateway({ host: '0.0.0.0', certificate: await issue() });
    const answer = await ask(`http://${outside}:${opened.port}/devices?x=1`, { headers: { host: `attic.local:${opened.port}` } });
    expect([answer.status, answer.headers.location]).toEqual([308, `https://attic.local:${opened.port}/devices?x=1`]);
    const agent = await ask(`http://${outside}:${opened.port}/agent`, { headers: { host: 'attic.local' } });
    expect(agent.status).toBe(426);
  });
});
