import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { createLan, startNginx } from '@cloudless/tools/machines';
import { freePort } from '@cloudless/tools/product';
import type { Join, Reach } from '@cloudless/proto';
import { INSPECTOR, startTlsInterceptor } from '@cloudless/transport/testing';
import { createOffer, findNode, joinByCommand, startCluster, untilNode } from '../src/devices.ts';

/** A certificate that no authority vouches for, as home proxies have. */
async function createCertificate(name: string) {
  const folder = await mkdtemp(join(tmpdir(), 'cloudless-tls-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-addext',
      `subjectAltName=IP:${name}`,
      '-keyout',
      key,
      '-out',
      cert,
    ],
    { stdio: 'ignore' },
  );
  return { cert, key, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

test('a machine joins through nginx, TLS and a path prefix, and keeps its session there', async () => {
  await using lan = await createLan();
  await using tls = await createCertificate(lan.hostAddress);
  const [port, outer] = [await freePort(), await freePort()];
  await using _nginx = await startNginx({
    address: lan.hostAddress,
    port: outer,
    prefix: '/cloudless/',
    upstream: `http://127.0.0.1:${port}/`,
    ...tls,
  });
  await using cluster = await startCluster(['--agent-url', `https://${lan.hostAddress}:${outer}/cloudless`], { port, host: '127.0.0.1' });
  const { rest } = cluster;
  await expect
    .poll(async () => (await rest.call<Reach>('GET', '/cluster/reach')).body.publicUrl?.state, {
      message: 'its own check leads back to it',
      timeout: 20_000,
    })
    .toBe('passed');
  const machine = await lan.addMachine('attic');
  const { command, reach } = await createOffer(rest);
  expect(reach.kind).toBe('anywhere');
  expect(command).toContain(`https://${lan.hostAddress}:${outer}/cloudless/install`);
  await joinByCommand(machine, command);
  await untilNode(rest, 'attic', 'it is online', (node) => node?.state.word === 'online');

  await test.step('in a company that decrypts TLS the authority is named, on the machine and in the dialog', async () => {
    await using box = await startTlsInterceptor({
      host: lan.hostAddress,
      target: { host: lan.hostAddress, port: outer, tls: true },
      upgrades: 'refused',
    });
    const office = await lan.addMachine('office');
    const divert = ['-p', 'tcp', '-d', lan.hostAddress, '--dport', String(outer), '-j', 'DNAT', '--to-destination'];
    const diverted = await office.run(['iptables', '-t', 'nat', '-A', 'OUTPUT', ...divert, `${lan.hostAddress}:${box.port}`]);
    expect(diverted.exitCode, diverted.output).toBe(0);
    const offer = await createOffer(rest);
    const pinned = await office.run(['sh', '-c', offer.command]);
    expect(pinned.exitCode, 'nothing is run that another key sent').toBe(90);
    const unpinned = await office.run(['sh', '-c', offer.command.replace(/--pinnedpubkey '[^']+'/, '')]);
    expect(unpinned.exitCode, unpinned.output).toBe(90);
    expect(unpinned.output).toMatch(new RegExp(`\\(tls\\)\\. TLS is intercepted by ${INSPECTOR} .* let it pass WebSockets on`));
    const { rows } = (await rest.call<{ rows: Join[] }>('GET', '/joins')).body;
    const failure = rows.find(({ id }) => id === offer.token.split('.')[2])?.failures.at(-1);
    expect(failure?.hop).toBe('tls');
    expect(failure?.message).toContain(`TLS is intercepted by ${INSPECTOR} `);
  });
});

test('a machine behind an HTTP proxy joins through it; each hop that fails is named', async () => {
  await using lan = await createLan();
  await using cluster = await startCluster();
  const { rest, product } = cluster;
  const machine = await lan.addMachine('office');
  await using proxy = await startConnectProxy(lan.hostAddress);
  const { command } = await createOffer(rest);
  // Nothing but the proxy is in reach.
  await machine.run(['iptables', '-A', 'OUTPUT', '-p', 'tcp', '-d', lan.hostAddress, '!', '--dport', String(proxy.port), '-j', 'REJECT']);
  await machine.run(['ip', 'route', 'del', 'default']);
  const through = { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url, https_proxy: proxy.url, http_proxy: proxy.url };
  const ran = await machine.run(['sh', '-c', command], { env: through });
  expect(ran.exitCode, ran.output).toBe(0);
  await untilNode(rest, 'office', 'it is online', (node) => node?.state.word === 'online');
  expect(proxy.count()).toBeGreaterThan(1);

  const other = await lan.addMachine('other');
  // Installed, and not joined: what fails is the join alone.
  await other.run(['sh', '-c', `curl -fsSk https://${lan.hostAddress}:${product.port}/install | sh -s -- cl1.no-token`]);
  // Of another cluster: the right one would be found on the network by itself.
  const { token } = await createOffer(rest);
  const foreign = `cl1.${'A'.repeat(43)}.${token.split('.').slice(2, 4).join('.')}`;
  const joinAt = async (address: string, env: Readonly<Record<string, string>> = {}): Promise<string> =>
    (await other.run([other.agent, 'join', foreign, '--at', address], { env })).output;
  expect(await joinAt('no-such-name.invalid:7600')).toContain('(dns)');
  expect(await joinAt(`${lan.hostAddress}:1`)).toContain('(tcp)');
  const dead = `http://${lan.hostAddress}:1`;
  expect(await joinAt(`${lan.hostAddress}:${product.port}`, { HTTPS_PROXY: dead, HTTP_PROXY: dead })).toContain('(proxy)');
  await using portal = await startPage(
    lan.hostAddress,
    'HTTP/1.1 302 Found\r\nlocation: http://login.hotel.example/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
  );
  expect(await joinAt(`${lan.hostAddress}:${portal.port}`)).toContain('(portal)');
  await using elsewhere = await startPage(lan.hostAddress, 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
  expect(await joinAt(`${lan.hostAddress}:${elsewhere.port}`)).toContain('(http)');
  expect(await joinAt(`${lan.hostAddress}:${product.port}`)).toContain('(pin)');
  const pinned = await other.run(['sh', '-c', command.replace(/sha256\/\/[^']+/, `sha256//${'A'.repeat(43)}=`)]);
  expect(pinned.output, 'under another key nothing is run').toMatch(/pinned public key/);
  expect(pinned.exitCode).toBe(90);
  expect(await findNode(rest, 'other')).toBeUndefined();
});

test('a machine joins and stays by IPv6 alone', async () => {
  await using lan = await createLan();
  await using cluster = await startCluster([], { host: '::' });
  const { rest, product } = cluster;
  const machine = await lan.addMachine('six');
  const { token, command } = await createOffer(rest);
  expect(token.split('.')[4], 'the token carries addresses').toBeDefined();
  const installer = command.replace(/https:\/\/[^/]+/, `https://[${lan.hostAddress6}]:${product.port}`);
  await machine.run(['iptables', '-A', 'OUTPUT', '-o', 'eth0', '-j', 'REJECT']);
  await joinByCommand(machine, installer);
  await untilNode(rest, 'six', 'it is online', (node) => node?.state.word === 'online');
});

test('a coordinator that moved to another address is found on the network', async () => {
  await using lan = await createLan();
  const [first, second] = [await freePort(), await freePort()];
  const folder = await mkdtemp(join(tmpdir(), 'cloudless-moved-'));
  const machine = await lan.addMachine('attic');
  try {
    await using before = await startCluster([], { port: first, dataFolder: folder });
    await joinByCommand(machine, (await createOffer(before.rest)).command);
    await untilNode(before.rest, 'attic', 'it is online', (node) => node?.state.word === 'online');
    await before.product.interrupt();
    await using after = await startCluster([], { port: second, dataFolder: folder, token: before.token });
    await untilNode(after.rest, 'attic', 'it is back under the other port', (node) => node?.state.word === 'online', 40_000);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** An HTTP proxy that tunnels (RFC 9110 §9.3.6). */
async function startConnectProxy(address: string) {
  let tunnels = 0;
  const server = await listen(address, (client) => {
    client.once('data', (head: Buffer) => {
      const [, host, port] = /^CONNECT \[?([^\s\]]+?)\]?:(\d+) /.exec(head.toString()) ?? [];
      if (host === undefined || port === undefined) {
        client.end('HTTP/1.1 405 Method Not Allowed\r\n\r\n');
        return;
      }
      tunnels += 1;
      const upstream = connect(Number(port), host, () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        client.pipe(upstream).pipe(client);
      });
      upstream.on('error', () => client.destroy());
      client.once('close', () => upstream.destroy());
    });
  });
  return { ...server, url: `http://${address}:${server.port}`, count: () => tunnels };
}

/** Answers everything with the same bytes. */
const startPage = (address: string, answer: string) =>
  listen(address, (client) => {
    client.once('data', () => client.end(answer));
  });

/** A server whose end does not wait for who is connected. */
async function listen(address: string, serve: (client: Socket) => void) {
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    clients.add(client);
    client.on('error', () => client.destroy());
    client.once('close', () => clients.delete(client));
    serve(client);
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
