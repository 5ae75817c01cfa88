import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Clock, Entropy } from '@cloudless/kernel';
import { createLine, type Line } from './tcp-line.ts';
import { CLEAR, type Sky } from './weather.ts';

/** Connections at once; further ones are reset. */
const MAX_CONNECTIONS = 1024;

/** What meets who dials. `silent`: taken, and then neither data nor an end. `closed`: refused by the kernel, as when no program runs. */
export type Door = 'open' | 'silent' | 'reset' | 'closed';

export type TcpProxyOptions = {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly target: { readonly host?: string; readonly port: number };
  readonly host?: string;
  /** Default: one that the system chooses. It stays the same while the door is closed and opened. */
  readonly port?: number;
  /** Takes an HTTP CONNECT first, wherever it leads (RFC 9110 §9.3.6). */
  readonly asProxy?: boolean;
  /** Stops it. */
  readonly signal?: AbortSignal;
};

/** A network between two ends that a test can break: TCP in, TCP out. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections that are there. */
  readonly size: number;
  /** From now on, for connections that are there too. A direction that is not named stays as it is. */
  turn(sky: Partial<Sky>): void;
  setDoor(door: Door): Promise<void>;
  /** Both ends hear that the connections are gone, or with `silently` neither does: theirs lead nowhere, new ones pass. */
  cut(how?: 'reset' | 'silently'): void;
  stop(): Promise<void>;
}

type Connection = { readonly sockets: Set<Socket>; readonly lines: Line[]; connectFar: (() => void) | undefined };

export async function startTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  const { clock, entropy, target, signal } = options;
  const connections = new Set<Connection>();
  const sky: Sky = { out: CLEAR, back: CLEAR };
  let door: Door = 'open';
  let server: Server | undefined;
  let port = options.port ?? 0;

  function follow(connection: Connection, socket: Socket): void {
    connection.sockets.add(socket);
    // A reset is told by the line; without a listener it would end the process.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      connection.sockets.delete(socket);
      if (connection.sockets.size > 0 && connection.connectFar === undefined) return;
      for (const line of connection.lines) line.stop();
      connections.delete(connection);
    });
  }

  function join(near: Socket): void {
    const out = createLine(near, { clock, entropy, weather: () => sky.out });
    const connection: Connection = {
      sockets: new Set(),
      lines: [out],
      connectFar() {
        connection.connectFar = undefined;
        const far = connect({ host: target.host ?? '127.0.0.1', port: target.port, allowHalfOpen: true, noDelay: true });
        follow(connection, far);
        const back = createLine(far, { clock, entropy, weather: () => sky.back });
        connection.lines.push(back);
        back.leadTo(near);
        far.once('connect', () => out.leadTo(far));
      },
    };
    connections.add(connection);
    follow(connection, near);
    if (door === 'silent') return void near.pause();
    // A partition would not even let the first packet through: the target hears of the connection when it is over.
    if (!isParted(sky)) connection.connectFar?.();
  }

  function accept(near: Socket): void {
    near.on('error', () => undefined);
    if (door === 'reset' || connections.size >= MAX_CONNECTIONS) return void near.resetAndDestroy();
    if (!options.asProxy) return join(near);
    near.once('data', () => {
      near.write('HTTP/1.1 200 Connection established\r\n\r\n');
      join(near);
    });
  }

  async function listen(): Promise<void> {
    const opening = createServer({ allowHalfOpen: true, noDelay: true }, accept);
    await new Promise<void>((resolve, reject) => {
      opening.once('error', reject);
      opening.listen(port, options.host ?? '127.0.0.1', resolve);
    });
    port = (opening.address() as AddressInfo).port;
    server = opening;
  }

  /** Stops listening; connections that are there stay. */
  function close(): void {
    server?.close();
    server = undefined;
  }

  function cut(how: 'reset' | 'silently' = 'reset'): void {
    for (const connection of connections) {
      connection.connectFar = undefined;
      for (const line of connection.lines) line.die();
      if (how === 'reset') for (const socket of connection.sockets) socket.resetAndDestroy();
    }
  }

  async function stop(): Promise<void> {
    signal?.removeEventListener('abort', onAbort);
    const closing = server;
    server = undefined;
    const closed = closing && new Promise<void>((resolve) => closing.close(() => resolve()));
    cut();
    await closed;
  }
  const onAbort = (): void => void stop();

  signal?.throwIfAborted();
  await listen();
  signal?.addEventListener('abort', onAbort, { once: true });
  return {
    get port() {
      return port;
    },
    get size() {
      return connections.size;
    },
    turn(next) {
      Object.assign(sky, next);
      for (const connection of connections) {
        if (!isParted(sky)) connection.connectFar?.();
        for (const line of connection.lines) line.look();
      }
    },
    async setDoor(next) {
      door = next;
      if (door === 'closed') close();
      else if (!server) await listen();
    },
    cut,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

const isParted = ({ out, back }: Sky): boolean => out.isBlocked === true || back.isBlocked === true;
