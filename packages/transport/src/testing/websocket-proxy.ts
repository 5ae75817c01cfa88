import { createServer, request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TlsIdentity } from '../tls/inner-tls.ts';
import type { Front } from './tls-pair.ts';

/** A reverse proxy that knows WebSockets and no other upgrade: it drops the header, as hop-by-hop headers are dropped that are not understood. */
export async function startWebSocketProxy(upstreamPort: number, identity?: TlsIdentity): Promise<Front> {
  const server = identity ? createHttpsServer({ cert: identity.certificate, key: identity.key }) : createServer();
  const sockets = new Set<Duplex>();
  const follow = (socket: Duplex): void => {
    sockets.add(socket.on('error', () => socket.destroy()));
    socket.once('close', () => sockets.delete(socket));
  };
  const ask = ({ url, method }: IncomingMessage, headers: IncomingHttpHeaders) =>
    request({ host: '127.0.0.1', port: upstreamPort, path: url, method, headers, agent: false });

  server.on('connection', follow);
  server.on('request', (incoming, response) => {
    const upstream = ask(incoming, incoming.headers).on('error', () => response.destroy());
    upstream.once('response', (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers)));
    incoming.pipe(upstream);
  });
  server.on('upgrade', (incoming: IncomingMessage, near: Duplex, head: Buffer) => {
    const { upgrade, ...others } = incoming.headers;
    const isWebSocket = upgrade?.toLowerCase() === 'websocket';
    const upstream = ask(incoming, isWebSocket ? incoming.headers : { ...others, connection: 'close' }).on('error', () => near.destroy());
    upstream.once('response', (answer) => near.end(headText(answer)));
    upstream.once('upgrade', (answer, far, first) => {
      follow(far);
      near.write(headText(answer));
      near.unshift(head);
      far.unshift(first);
      near.pipe(far).pipe(near);
      for (const [one, other] of [[near, far] as const, [far, near] as const]) one.once('close', () => other.destroy());
    });
    upstream.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    prefix: '/',
    isPlain: identity === undefined,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

const headText = ({ statusCode, statusMessage, headers }: IncomingMessage): string =>
  [`HTTP/1.1 ${statusCode} ${statusMessage}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`), '', ''].join(
    '\r\n',
  );
