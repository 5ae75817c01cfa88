import type { Duplex } from 'node:stream';
import { connect as connectPlain, type AddressInfo } from 'node:net';
import { connect as connectTls, createServer, type TLSSocket } from 'node:tls';
import { INSPECTOR_IDENTITY } from './inspector-identity.ts';

export type TlsInterceptorOptions = {
  readonly target: { readonly host?: string; readonly port: number; readonly tls?: boolean };
  readonly host?: string;
  /** Many such boxes know no WebSockets, or let none pass; some know nothing else. */
  readonly upgrades: 'passed' | 'websockets' | 'refused';
};

const REFUSED = { passed: /^\b$/, websockets: /^upgrade: *(?!websocket)\S/im, refused: /^upgrade:/im } as const;

/** A box that decrypts what passes, under its own authority, and sends it on. */
export async function startTlsInterceptor({ target, host = '127.0.0.1', upgrades }: TlsInterceptorOptions) {
  const sockets = new Set<Duplex>();
  const follow = (socket: Duplex): void => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  };
  const { port: targetPort, host: targetHost = '127.0.0.1' } = target;
  const connectTarget = (): Duplex =>
    target.tls
      ? connectTls({ host: targetHost, port: targetPort, rejectUnauthorized: false })
      : connectPlain({ host: targetHost, port: targetPort });

  function inspect(near: TLSSocket): void {
    follow(near);
    near.once('data', (head: Buffer) => {
      if (REFUSED[upgrades].test(head.toString('latin1')))
        return void near.end('HTTP/1.1 403 Forbidden\r\ncontent-type: text/html\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
      const far = connectTarget();
      follow(far);
      far.write(head);
      near.pipe(far).pipe(near);
      near.once('close', () => far.destroy());
      far.once('close', () => near.destroy());
    });
  }

  const server = createServer({ cert: INSPECTOR_IDENTITY.certificate, key: INSPECTOR_IDENTITY.key }, inspect);
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
