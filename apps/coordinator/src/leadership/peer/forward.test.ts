import { createServer, request, type IncomingMessage } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createRealClock } from '@cloudless/kernel/node';
import { describe, expect, it } from 'vitest';
import { createForwarder } from './forward.ts';

const clock = createRealClock();

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A standby that passes on to `leader`, a program that takes connections and never says a word until it is replaced. */
async function openStandby() {
  const held = new Set<Socket>();
  const met = Promise.withResolvers<void>();
  const silent = createTcpServer((socket) => {
    held.add(socket.on('error', () => undefined));
    socket.once('data', () => met.resolve());
  });
  const next = createServer((_request, response) => response.end('the next leader'));
  let leader = await listen(silent);
  const nextPort = await listen(next);
  let isAway = false;
  const dial = () => (isAway ? Promise.reject(new Error('nobody listens')) : Promise.resolve(connect(leader, '127.0.0.1')));
  const forwarder = createForwarder({ clock, dial });
  const near = createServer((incoming, response) =>
    forwarder.request(incoming, response, undefined, (_cause, wasSent) => response.writeHead(503).end(wasSent ? 'sent' : 'kept')),
  );
  near.on('upgrade', (incoming: IncomingMessage, socket: Socket, head: Buffer) =>
    forwarder.upgrade(incoming, socket, head, undefined, () => socket.destroy()),
  );
  const port = await listen(near);
  return {
    port,
    met: met.promise,
    goAway() {
      isAway = true;
    },
    replace() {
      leader = nextPort;
      forwarder.leave();
    },
    async [Symbol.asyncDispose]() {
      forwarder.stop();
      for (const socket of held) socket.destroy();
      near.closeAllConnections();
      next.closeAllConnections();
      await Promise.all([silent, next, near].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

describe('a leader that was replaced and says nothing', () => {
  it('keeps no request waiting, and none of those that follow', async () => {
    await using standby = await openStandby();
    const waiting = fetch(`http://127.0.0.1:${standby.port}/`);
    await standby.met;
    standby.replace();
    const answer = await waiting;
    expect([answer.status, await answer.text()]).toEqual([503, 'sent']);
    const following = await fetch(`http://127.0.0.1:${standby.port}/`);
    expect(await following.text()).toBe('the next leader');
  });

  it('keeps no upgrade open: who holds it learns that it is over', async () => {
    await using standby = await openStandby();
    const upgrading = request({ port: standby.port, host: '127.0.0.1', headers: { connection: 'Upgrade', upgrade: 'websocket' } });
    const over = new Promise((resolve) => upgrading.once('error', resolve));
    upgrading.end();
    await standby.met;
    standby.replace();
    expect(await over).toBeInstanceOf(Error);
  });
});

it('a request that met no leader was not sent', async () => {
  await using standby = await openStandby();
  standby.goAway();
  const answer = await fetch(`http://127.0.0.1:${standby.port}/`);
  expect([answer.status, await answer.text()]).toEqual([503, 'kept']);
});
