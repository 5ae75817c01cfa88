import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A network between two ends that a test can break: TCP in, TCP out. */
export interface ByteRelay {
  readonly port: number;
  /** Both ends hear that the connection is gone. */
  cut(): void;
  /** From now on nothing passes and nobody is told, as when a cable is pulled behind a switch. */
  stall(): void;
  stop(): void;
}

/** @param asProxy takes an HTTP CONNECT first, wherever it leads (RFC 9110 §9.3.6) */
export async function startByteRelay(targetPort: number, asProxy = false): Promise<ByteRelay> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    if (!asProxy) return join(near);
    near.once('data', () => {
      near.write('HTTP/1.1 200 Connection established\r\n\r\n');
      join(near);
    });
  });
  function join(near: Socket): void {
    const far = connect(targetPort, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => sockets.delete(from) && to.destroy());
    }
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    stall() {
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
      }
    },
    stop() {
      cut();
      server.close();
    },
  };
}
