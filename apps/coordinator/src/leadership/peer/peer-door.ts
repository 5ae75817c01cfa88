import type { Clock } from '@cloudless/kernel';
import { createPeerEndpoint, type PeerEndpointOptions } from '@cloudless/transport/tls';
import type { PortHandlers } from '../../gateway/port.ts';
import { createPeerServer, type PeerServer, type PeerServerOptions } from './peer-server.ts';

export type PeerDoorOptions = PeerServerOptions &
  Pick<PeerEndpointOptions, 'identity' | 'bundle' | 'judgePeer'> & { readonly clock: Clock };

/** The door for other coordinators: `/peer`. It stands in every role. */
export interface PeerDoor extends Pick<PeerServer, 'lead' | 'stop'> {
  /** The same handlers, but for `/peer`. */
  before(handlers: PortHandlers): PortHandlers;
}

const isPeerPath = (target: string | undefined): boolean => target === '/peer' || (target ?? '').startsWith('/peer?');

export function createPeerDoor(options: PeerDoorOptions): PeerDoor {
  const server = createPeerServer(options);
  const endpoint = createPeerEndpoint({ ...options, onConnection: (arrived) => server.accept(arrived) });
  return {
    before: (handlers) => ({
      onRequest: handlers.onRequest,
      onUpgrade(request, socket, head) {
        if (!isPeerPath(request.url)) return handlers.onUpgrade(request, socket, head);
        endpoint.acceptUpgrade(request, socket, head);
      },
    }),
    lead: (doors) => server.lead(doors),
    stop() {
      endpoint.stop();
      server.stop();
    },
  };
}
