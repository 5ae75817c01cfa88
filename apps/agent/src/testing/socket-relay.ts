import { connect, createServer, type Server, type Socket } from 'node:net';

/** The engine's socket as seen by an agent, which a test can take away and give back. */
export interface SocketRelay {
  readonly path: string;
  /** Connections break and new ones are refused, as when the engine was killed. */
  takeAway(): Promise<void>;
  giveBack(): Promise<void>;
}

export async function startSocketRelay(path: string, target: string): Promise<SocketRelay> {
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  const relay: SocketRelay = {
    path,
    async takeAway() {
      const closing = server;
      server = undefined;
      for (const socket of sockets) socket.destroy();
      if (closing) await new Promise<void>((resolve) => closing.close(() => resolve()));
    },
    async giveBack() {
      const opening = createServer({ allowHalfOpen: true }, (near) => {
        const far = connect({ path: target, allowHalfOpen: true });
        for (const [from, to] of [
          [near, far],
          [far, near],
        ] as const) {
          sockets.add(from);
          from.pipe(to);
          from.on('error', () => to.destroy());
          from.on('close', () => sockets.delete(from) && to.destroy());
        }
      });
      server = opening;
      await new Promise<void>((resolve) => opening.listen(path, resolve));
    },
  };
  await relay.giveBack();
  return relay;
}
