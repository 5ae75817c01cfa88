type SocketClass = typeof WebSocket;

/**
 * A socket class that sends `headers` with its handshake. The WebSocket of Node (undici) takes them as an option, which the standard of
 * browsers does not have: there, sockets carry cookies only.
 */
export function withHeaders(Socket: SocketClass, headers: Readonly<Record<string, string>>): SocketClass {
  return class extends Socket {
    constructor(url: string | URL) {
      super(url, { headers: { ...headers } } as unknown as string[]);
    }
  };
}
