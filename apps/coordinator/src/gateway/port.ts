import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import { createServer as createNetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '@cloudless/kernel';
import { CloudlessError } from '@cloudless/proto';
import type { PortLimits } from './limits.ts';

export type Certificate = { readonly cert: string; readonly key: string };

export type PortHandlers = {
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void;
  readonly onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
};

export type PortOptions = {
  readonly clock: Pick<Clock, 'setTimer'>;
  readonly limits: PortLimits;
  /** Absent: TLS is not spoken here, and a connection that begins it is closed. */
  readonly certificate: Certificate | undefined;
  readonly handlers: PortHandlers;
};

export interface GatewayPort {
  /**
   * @returns the port, which the system chose when `port` is 0
   * @throws CloudlessError `port_taken`, `config_invalid` (an address that is not this machine's, a port that needs more rights)
   */
  listen(port: number, host: string): Promise<number>;
  /** For connections from now on. */
  useCertificate(certificate: Certificate): void;
  stop(): Promise<void>;
}

/** First byte of a TLS record that begins a handshake (RFC 8446 §5.1). No HTTP method begins so. */
const TLS_HANDSHAKE = 0x16;

const STATUS_OF_PARSER: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

function answerParserError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(`HTTP/1.1 ${STATUS_OF_PARSER[error.code ?? ''] ?? '400 Bad Request'}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () =>
    socket.destroy(),
  );
}

function listenFailure(error: NodeJS.ErrnoException, port: number, host: string): CloudlessError {
  if (error.code === 'EADDRINUSE') {
    return new CloudlessError('port_taken', `Port ${port} on ${host} is taken by another program. Stop it, or choose another port.`, {
      cause: error,
      params: { port },
    });
  }
  const why =
    error.code === 'EACCES'
      ? 'it needs more rights: choose a port from 1024 up'
      : error.code === 'EADDRNOTAVAIL'
        ? 'that address is not one of this machine'
        : error.message;
  return new CloudlessError('config_invalid', `Listening on ${host} port ${port} failed: ${why}.`, { cause: error });
}

/** One TCP port that speaks HTTP and, where it has a certificate, HTTPS: the first byte tells which. */
export function createPort({ clock, limits, certificate, handlers }: PortOptions): GatewayPort {
  const open = new Set<Socket>();
  let inFlight = 0;
  let onIdle = (): void => undefined;
  const options: ServerOptions = {
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: limits.checkMs,
    noDelay: true,
  };
  const serve = <T extends HttpServer | HttpsServer>(server: T): T => {
    server.maxHeadersCount = 200;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      inFlight += 1;
      response.once('close', () => {
        inFlight -= 1;
        if (inFlight === 0) onIdle();
      });
      handlers.onRequest(request, response);
    });
    server.on('upgrade', handlers.onUpgrade);
    server.on('clientError', answerParserError);
    // These two never listen themselves, but only a listening server looks for slow requests.
    server.emit('listening');
    return server;
  };
  const plain = serve(createHttpServer(options));
  const createTls = (made: Certificate): HttpsServer => {
    const server = createHttpsServer({
      ...options,
      ...made,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: limits.firstByteMs,
    });
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    return serve(server);
  };
  let encrypted = certificate && createTls(certificate);

  const front = createNetServer({ noDelay: true }, (socket) => {
    open.add(socket);
    const timer = clock.setTimer(limits.firstByteMs, () => socket.destroy());
    const onEarlyError = (): void => void socket.destroy();
    socket.on('error', onEarlyError);
    socket.once('close', () => {
      timer.cancel();
      open.delete(socket);
    });
    socket.once('data', (chunk: Buffer) => {
      timer.cancel();
      socket.pause();
      socket.removeListener('error', onEarlyError);
      const target = chunk[0] === TLS_HANDSHAKE ? encrypted : plain;
      if (!target) {
        socket.on('error', onEarlyError).destroy();
        return;
      }
      socket.unshift(chunk);
      target.emit('connection', socket);
      // The TLS server reads the handle itself; the plain one waits for the stream to flow.
      if (target === plain) socket.resume();
    });
  });
  front.maxConnections = limits.maxConnections;

  async function drain(): Promise<void> {
    if (inFlight === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = clock.setTimer(limits.drainMs, resolve);
    onIdle = resolve;
    await promise;
    timer.cancel();
  }

  return {
    async listen(port, host) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      front.once('error', (error: NodeJS.ErrnoException) => reject(listenFailure(error, port, host)));
      front.listen({ port, host, backlog: 511 }, resolve);
      await promise;
      const address = front.address();
      return address !== null && typeof address === 'object' ? address.port : port;
    },
    useCertificate(next) {
      if (encrypted) encrypted.setSecureContext({ ...next, minVersion: 'TLSv1.2' });
      else encrypted = createTls(next);
    },
    async stop() {
      front.close();
      await drain();
      for (const socket of open) socket.destroy();
      for (const server of [plain, encrypted]) server?.close();
    },
  };
}
