import { createPort, type PortHandlers, type PortOptions } from './port.ts';
import type { Certificate } from './port.ts';

/** The main port, which stands as long as the process: a coordinator that takes the lead answers on the socket that already listens. */
export interface Front {
  /** Who answers from now on. */
  use(handlers: PortHandlers): void;
  /**
   * Opens the port, once.
   * @throws CloudlessError `port_taken`, `config_invalid`
   */
  listen(): Promise<number>;
  useCertificate(certificate: Certificate): void;
  stop(): Promise<void>;
}

export type FrontOptions = Omit<PortOptions, 'handlers'> & { readonly host: string; readonly port: number };

const nobody: PortHandlers = {
  onRequest: (_request, response) => void response.writeHead(503).end(),
  onUpgrade: (_request, socket) => void socket.destroy(),
};

export function createFront({ host, port, ...options }: FrontOptions): Front {
  let handlers = nobody;
  const main = createPort({
    ...options,
    handlers: {
      onRequest: (request, response) => handlers.onRequest(request, response),
      onUpgrade: (request, socket, head) => handlers.onUpgrade(request, socket, head),
    },
  });
  let listening: Promise<number> | undefined;
  return {
    use: (next) => void (handlers = next),
    listen: () => (listening ??= main.listen(port, host)),
    useCertificate: (certificate) => main.useCertificate(certificate),
    stop: () => main.stop(),
  };
}
