import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ok } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { createManualClock, createMemoryLogger } from '@cloudless/kernel/testing';
import { expect, it } from 'vitest';
import { startTcpProxy } from '../../testing/tcp-proxy.ts';
import { THROWAWAY_IDENTITY } from '../../testing/throwaway-identity.ts';
import { bothWays } from '../../testing/weather.ts';
import { dialPeer } from './dial-peer.ts';
import { createPeerEndpoint, type PeerConnection } from './peer-endpoint.ts';

const SILENT_MS = 4000;

/** A connection between two coordinators, through a network that can break. */
async function openPeers() {
  const clock = createManualClock();
  const arrival = Promise.withResolvers<PeerConnection>();
  const endpoint = createPeerEndpoint({
    identity: () => THROWAWAY_IDENTITY,
    bundle: () => THROWAWAY_IDENTITY.certificate,
    judgePeer: () => ok('coord_attic'),
    clock,
    logger: createMemoryLogger(),
    onConnection: arrival.resolve,
  });
  const http = createServer().on('upgrade', (request, socket, head) => endpoint.acceptUpgrade(request, socket, head));
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  const network = await startTcpProxy({ clock: createRealClock(), entropy: createRealEntropy(), target: { port } });
  const { connection: near } = await dialPeer({
    address: `http://127.0.0.1:${network.port}`,
    identity: THROWAWAY_IDENTITY,
    judgePeer: () => ok('coord_loft'),
    signal: AbortSignal.timeout(30_000),
  });
  const { connection: far, endWhenSilent } = await arrival.promise;
  return {
    clock,
    network,
    far,
    endWhenSilent,
    /** What was sent before has arrived. */
    async roundTrip() {
      far.write('?');
      await once(near, 'data');
      near.write('!');
      await once(far, 'data');
    },
    async [Symbol.asyncDispose]() {
      near.destroy();
      endpoint.stop();
      await network.stop();
      http.closeAllConnections();
      http.close();
    },
  };
}

it('a connection between coordinators stays while the other end answers, and ends when its network is gone and closes nothing', async () => {
  await using peers = await openPeers();
  peers.endWhenSilent(SILENT_MS);
  for (let second = 0; second < 12; second += 1) {
    await peers.clock.advance(1000);
    await peers.roundTrip();
  }
  expect(peers.far.destroyed).toBe(false);
  const closed = once(peers.far, 'close');
  peers.network.turn(bothWays({ isBlocked: true }));
  await peers.clock.advance(SILENT_MS);
  await closed;
  expect(peers.clock.pending).toBe(0);
});
